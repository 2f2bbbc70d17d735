//! The native actions, one file a family. Each is declared once; everything else reads the declaration.

mod address;
mod advice;
mod archive;
mod args;
mod bodies;
mod dns;
mod file;
mod http;
mod kept;
mod mail;
mod misc;
mod multipart;
mod net;
mod prom;
mod random;
mod redis;
pub mod shell;
mod sql;
mod template;
mod timing;
mod tls;

use crate::catalog::Action;

/// All of them, as they are listed.
pub static ALL: &[&Action] = &[
    &http::GET,
    &http::HEAD,
    &http::QUERY,
    &http::POST,
    &http::PUT,
    &http::PATCH,
    &http::DELETE,
    &http::REQUEST,
    &timing::TIMING,
    &file::READ,
    &file::SHA256,
    &file::CHECKSUM,
    &file::EXISTS,
    &file::LIST,
    &file::WRITE,
    &template::TEMPLATE,
    &file::APPEND,
    &file::COPY,
    &file::MOVE,
    &file::REMOVE,
    &file::MKDIR,
    &file::LINK,
    &archive::CREATE,
    &archive::LIST,
    &archive::EXTRACT,
    &sql::QUERY,
    &sql::VALUE,
    &sql::EXEC,
    &sql::TRANSACTION,
    &sql::RUN_FILE,
    &sql::DUMP,
    &sql::RESTORE,
    &redis::PING,
    &redis::GET,
    &redis::EXISTS,
    &redis::TTL,
    &redis::KEYS,
    &redis::COUNT,
    &redis::INFO,
    &redis::QUERY,
    &redis::SET,
    &redis::DEL,
    &redis::EXPIRE,
    &redis::INCR,
    &redis::FLUSH,
    &redis::EXEC,
    &mail::SEND,
    &net::PORT_OPEN,
    &dns::LOOKUP,
    &dns::RECORDS,
    &tls::CERTIFICATE,
    &prom::QUERY,
    &prom::VALUE,
    &prom::RANGE,
    &prom::SCRAPE,
    &shell::SH,
    &misc::ENV_VAR,
    &misc::NOW,
    &random::TOKEN,
    &random::UUID,
    &misc::ASK,
];
