//! How a test says what databases, caches, certificates and name servers answer.

use super::{Answers, FakeHost, RedisReply, Rule, SqlReply};
use crate::host::{DnsAnswer, TlsShown};

impl FakeHost {
    /// Answers statements whose text matches `pattern`, values as they are shown; several are joined by `; `.
    pub fn on_sql(&self, pattern: &str, reply: SqlReply) {
        self.on_sql_in_turn(pattern, [reply]);
    }

    /// The same with a reply for each time; the last one stays.
    pub fn on_sql_in_turn(&self, pattern: &str, replies: impl IntoIterator<Item = SqlReply>) {
        let answers = Answers::Listed(replies.into_iter().collect());
        let rule = Rule { method: String::new(), pattern: pattern.to_owned(), answers };
        self.0.databases.borrow_mut().push(rule);
    }

    /// Answers commands to Redis whose line matches `pattern`: the words joined by blanks, several commands by `; `.
    pub fn on_redis(&self, pattern: &str, reply: RedisReply) {
        let answers = Answers::Listed([reply].into());
        let rule = Rule { method: String::new(), pattern: pattern.to_owned(), answers };
        self.0.redis.borrow_mut().push(rule);
    }

    /// What every server shows that is asked for its certificate.
    pub fn show_certificate(&self, shown: TlsShown) {
        self.0.looks.borrow_mut().certificate = Some(shown);
    }

    /// What name servers answer to every question.
    pub fn answer_names(&self, answer: DnsAnswer) {
        self.0.looks.borrow_mut().names = Some(answer);
    }
}
