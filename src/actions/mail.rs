//! Mail. What was sent is in somebody's mailbox: nothing takes it back.

use std::path::Path;
use std::time::Duration;

use lettre::Message;
use lettre::message::header::ContentType;
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};

use super::address;
use super::args::{duration, file_error, later, no_evidence, not_begun, optional_text, shown, text};
use crate::catalog::{Action, ActionError, Call, Certainty, Effect, Inverse, Param};
use crate::host::{MailRequest, MailStage};
use crate::value::{Value, display};

/// More than this no server takes.
const LARGEST: usize = 25 * 1024 * 1024;

const OTHERS: &str = "Others who get it.";

pub(super) static SEND: Action = Action {
    name: "mail.send",
    summary: "Send a message by mail",
    details: "Through the server that takes mail from you. `smtp://` begins without TLS and asks for it before anything \
              is sent, `smtps://` has it from the first byte; a password never goes without. The message is handed over \
              once: that the server takes it does not mean that it arrives. When the answer is lost, nobody knows \
              whether it was taken; a run that goes on asks a person, and the second one has the same `Message-ID`.",
    effect: Effect::Changes,
    params: &[
        Param {
            name: "server",
            ty: "url",
            default: None,
            doc: "`smtp://user:password@host:587`, `smtps://…`; `?cacert=FILE` names who signed its certificate, `?tls=none` is without.",
        },
        Param { name: "from", ty: "string", default: None, doc: "Who sends it: `Shop <ops@shop.example>`." },
        Param { name: "to", ty: "list<string>", default: None, doc: "Who gets it." },
        Param { name: "subject", ty: "string", default: None, doc: "One line." },
        Param { name: "text", ty: "string", default: None, doc: "The message." },
        Param { name: "html", ty: "string?", default: Some("null"), doc: "The same as HTML, for those who see that." },
        Param { name: "cc", ty: "list<string>", default: Some("[]"), doc: OTHERS },
        Param { name: "bcc", ty: "list<string>", default: Some("[]"), doc: "Others who get it without being named." },
        Param { name: "reply_to", ty: "string?", default: Some("null"), doc: "Who gets the answer." },
        Param { name: "attach", ty: "list<string>", default: Some("[]"), doc: "Files that go with it, 25MiB in all." },
        Param { name: "timeout", ty: "duration", default: Some("30s"), doc: "For all of it." },
    ],
    returns: "null",
    examples: &[
        "mail.send(\"smtp://localhost:25?tls=none\", from: \"ops@shop.example\", to: [\"all@shop.example\"], subject: \"Maintenance is over\", text: \"The shop is open again.\")",
    ],
    show: |args| format!("mail {} to {}{}", shown(args, "subject"), shown(args, "to"), address::place(args, "server")),
    run: |call| {
        later(async move {
            address::learn_password(call.args, "server");
            let message = message(call)?;
            let envelope = message.envelope();
            let from = envelope.from().map(ToString::to_string).unwrap_or_default();
            let request = MailRequest {
                url: text(call.args, "server"),
                from,
                to: envelope.to().iter().map(ToString::to_string).collect(),
                message: message.formatted(),
                limit: duration(call.args, "timeout").unwrap_or(Duration::from_secs(30)),
            };
            let sent = call.host.mail(&request, call.cancel).await;
            sent.map_err(|error| {
                let certainty = match error.stage {
                    MailStage::NotSent => Certainty::NotBegun,
                    MailStage::Refused => Certainty::Failed,
                    MailStage::Unknown => Certainty::InDoubt,
                };
                ActionError { help: error.help, certainty, ..ActionError::failed(error.message) }
            })?;
            Ok(Value::Null)
        })
    },
    repeatable: |_| false,
    inverse: Inverse::None(
        "a message that was sent is in somebody's mailbox: an `undo { }` can send another that says so",
    ),
    evidence: no_evidence,
};

fn message(call: &Call<'_>) -> Result<Message, ActionError> {
    let args = call.args;
    let mailbox = |text: String| {
        text.parse::<Mailbox>().map_err(|error| {
            not_begun(format!("{} is no address: {error}", display::quoted(&text, 80)))
                .help("write it like ada@shop.example, or Ada <ada@shop.example>")
        })
    };
    let all = |name: &str| match args.get(name) {
        Value::List(items) => items.iter().map(|one| mailbox(display::exposed_text(one))).collect(),
        _ => Ok(Vec::new()),
    };
    let subject = text(args, "subject");
    if subject.chars().any(char::is_control) {
        return Err(not_begun("a subject is one line").help("put the rest into the text"));
    }
    let from = mailbox(text(args, "from"))?;
    // The same for the same effect: whoever gets a second one sees that it is the same message.
    let id = call.idempotency_key.map(|key| format!("<{key}@{}>", from.email.domain()));
    let date = std::time::SystemTime::UNIX_EPOCH
        + Duration::from_secs(u64::try_from(call.host.now().as_second()).unwrap_or(0));
    let mut builder = Message::builder().from(from).subject(subject).date(date).message_id(id);
    for one in all("to")? {
        builder = builder.to(one);
    }
    for one in all("cc")? {
        builder = builder.cc(one);
    }
    for one in all("bcc")? {
        builder = builder.bcc(one);
    }
    if let Some(reply_to) = optional_text(args, "reply_to") {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let plain = SinglePart::plain(text(args, "text"));
    let attached = attached(call)?;
    let wrong = |error: lettre::error::Error| {
        not_begun(format!("this is no message: {error}")).help("name at least one in `to:`")
    };
    match (optional_text(args, "html"), attached.is_empty()) {
        (None, true) => builder.singlepart(plain).map_err(wrong),
        (Some(html), true) => builder.multipart(both(plain, html)).map_err(wrong),
        (html, false) => {
            let begin = match html {
                None => MultiPart::mixed().singlepart(plain),
                Some(html) => MultiPart::mixed().multipart(both(plain, html)),
            };
            builder.multipart(attached.into_iter().fold(begin, MultiPart::singlepart)).map_err(wrong)
        }
    }
}

fn both(plain: SinglePart, html: String) -> MultiPart {
    MultiPart::alternative().singlepart(plain).singlepart(SinglePart::html(html))
}

fn attached(call: &Call<'_>) -> Result<Vec<SinglePart>, ActionError> {
    let Value::List(paths) = call.args.get("attach") else { return Ok(Vec::new()) };
    let (mut parts, mut size) = (Vec::new(), 0);
    for given in paths.iter().map(display::exposed_text) {
        let path = call.surroundings.dir.as_ref().map_or_else(|| Path::new(&given).to_owned(), |dir| dir.join(&given));
        let content = call.host.files().read(&path).map_err(|error| file_error("read", &path, &error))?;
        size += content.len();
        if size > LARGEST {
            return Err(not_begun("what is attached is larger than 25MiB")
                .help("put it where others can get it, and send its address"));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let kind = kind(&name, &content).parse::<ContentType>();
        let kind = kind.map_err(|error| not_begun(format!("{name} cannot be attached: {error}")))?;
        parts.push(Attachment::new(name).body(content, kind));
    }
    Ok(parts)
}

/// What a file is, for who opens it.
fn kind(name: &str, content: &[u8]) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("zip") => "application/zip",
        _ if std::str::from_utf8(content).is_ok() => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
