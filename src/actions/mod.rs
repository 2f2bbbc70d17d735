//! The native actions, one file a family. Each is declared once; everything else reads the declaration.

mod address;
mod advice;
mod args;
mod file;
mod http;
mod kept;
mod misc;
mod multipart;
mod net;
mod prom;
mod random;
mod redis;
pub mod shell;
mod sql;

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
    &file::READ,
    &file::SHA256,
    &file::EXISTS,
    &file::LIST,
    &file::WRITE,
    &file::APPEND,
    &file::COPY,
    &file::MOVE,
    &file::REMOVE,
    &file::MKDIR,
    &file::LINK,
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
    &net::PORT_OPEN,
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
