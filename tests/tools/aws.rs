//! aws 2: of it only S3's buckets, as lists of names. Messages as of
//! <https://docs.aws.amazon.com/cli/latest/reference/s3/> and what the command itself prints. All else of it is real in
//! the tests of the library (moto).

use serde_json::json;

use crate::call::{Call, Failure, Takes, Wrong, failed};

const TAKES: Takes = Takes {
    values: &[
        ("--region", "--region"),
        ("--profile", "--profile"),
        ("--bucket", "--bucket"),
        ("--exclude", "--exclude"),
        ("--include", "--include"),
    ],
    switches: &["--only-show-errors", "--no-progress", "--delete", "--quiet"],
};

pub(crate) fn play(call: &mut Call) -> Result<(), Failure> {
    let given = TAKES.read(&call.words).map_err(|wrong| match wrong {
        Wrong::Unknown(flag) => failed(252, format!("aws: [ERROR]: Unknown options: {flag}")),
        Wrong::NeedsValue(flag) => failed(252, format!("aws: [ERROR]: argument {flag}: expected one argument")),
    })?;
    let words: Vec<&str> = given.words.iter().map(String::as_str).collect();
    match words[..] {
        ["s3api", "head-bucket"] => {
            let bucket = given.value("--bucket").unwrap_or_default();
            if call.state["s3"][bucket].is_null() {
                return Err(failed(254, "An error occurred (404) when calling the HeadBucket operation: Not Found"));
            }
        }
        ["s3", "mb", bucket] => {
            let name = bucket_of(bucket)?.to_owned();
            if !call.state["s3"][&name].is_null() {
                return Err(failed(
                    1,
                    format!(
                        "make_bucket failed: {bucket} An error occurred (BucketAlreadyOwnedByYou) when calling the \
                         CreateBucket operation: Your previous request to create the named bucket succeeded and you \
                         already own it."
                    ),
                ));
            }
            call.part(&["s3"])[&name] = json!([]);
            call.say(format!("make_bucket: {name}"));
        }
        ["s3", "sync", from, to] => {
            let (from, to) = (bucket_of(from)?.to_owned(), bucket_of(to)?.to_owned());
            let missing = [&from, &to].into_iter().find(|name| call.state["s3"][name.as_str()].is_null());
            if let Some(name) = missing {
                return Err(failed(
                    1,
                    format!(
                        "fatal error: An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The \
                         specified bucket does not exist: {name}"
                    ),
                ));
            }
            let all = call.state["s3"][&from].as_array().cloned().unwrap_or_default();
            let there = call.part(&["s3"])[&to].as_array_mut().unwrap();
            let new: Vec<_> = all.into_iter().filter(|one| !there.contains(one)).collect();
            there.extend(new);
        }
        _ => return Err(failed(252, format!("aws: [ERROR]: Found invalid choice in: {}", words.join(" ")))),
    }
    Ok(())
}

/// `s3://bucket` or `s3://bucket/…`
fn bucket_of(place: &str) -> Result<&str, Failure> {
    let name = place.strip_prefix("s3://").and_then(|rest| rest.split('/').next());
    name.ok_or_else(|| failed(252, "aws: [ERROR]: Invalid argument type: this double copies from S3 to S3 only"))
}
