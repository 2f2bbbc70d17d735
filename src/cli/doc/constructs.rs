//! The constructs of the language, for `rbk doc`.

/// A construct: the word by which it is found, how it is written, what it is.
pub(super) struct Construct {
    pub(super) name: &'static str,
    pub(super) form: &'static str,
    pub(super) summary: &'static str,
    pub(super) example: &'static str,
}

macro_rules! constructs {
    ($($name:literal $form:literal $summary:literal $example:literal;)*) => {
        /// All of them, in the order in which one meets them.
        pub(super) static ALL: &[Construct] =
            &[$(Construct { name: $name, form: $form, summary: $summary, example: $example }),*];
    };
}

constructs! {
    "runbook" "runbook \"title\" { key = value … }"
        "The header: owner, version, lock, needs, window, timeout, on_interrupt, tags, links"
        "runbook \"Deploy the shop\" {\n    owner   = \"@platform\"\n    needs   = [\"kubectl >= 1.30\"]\n    timeout = 2h\n}";
    "use" "use std.NAME | use \"./file.rbk\" [as NAME]"
        "Brings in actions, checks, functions and environments of another file"
        "use std.systemd\nuse \"./shared.rbk\" as shared";
    "param" "param NAME: TYPE [= default] [matching \"regex\"] [one_of […]]"
        "An input: -p NAME=…, RBK_PARAM_NAME, --param-file, or asked for on a terminal"
        "## Image to deploy, with its tag.\nparam image: string\nparam soak: duration = 15m";
    "secret" "secret NAME from env_var(…) | file(…) | command(…) | prompt(…)"
        "A value that is read late, never printed and never recorded"
        "secret token from env_var(\"API_TOKEN\")";
    "env" "env NAME [extends OTHER] { key = value … }"
        "An environment; the chosen one (-e NAME) is `env`. protected: its name is typed first; four_eyes: who starts a run approves nothing in it"
        "env prod extends staging {\n    url       = \"https://shop.example\"\n    protected = true\n    four_eyes = true\n}";
    "phase" "phase \"title\" { }" "A named part of the run, in order; phases nest"
        "phase \"Deploy\" timeout 20m {\n    step \"Restart\" {\n        $ systemctl restart shop\n    }\n}";
    "step" "step \"title\" { } [undo { }]" "The unit that is recorded, retried, skipped and taken back"
        "step \"Scale out\" {\n    $ kubectl scale deploy/shop --replicas=12\n} undo {\n    $ kubectl scale deploy/shop --replicas=6\n}";
    "check" "check \"title\" [within D every D] { }" "Observes, never changes; with `within` it is tried until it passes"
        "check \"it answers\" within 2m every 5s {\n    assert http.get(\"https://shop.example/health\").status == 200\n}";
    "monitor" "monitor \"title\" for D every D { }" "Observes for a time, and trips on `fail_when`"
        "monitor \"login works\" for 15m every 30s {\n    fail_when http.get(\"https://shop.example/login\").status != 200 times 3\n}";
    "guard" "guard \"title\" every D { }" "Observes beside the rest of its phase; a trip is the phase's failure"
        "guard \"nobody is locked out\" every 10s {\n    fail_when http.get(\"https://shop.example/login\").status != 200\n}";
    "checklist" "checklist \"title\" { \"item\" … }" "Boxes that a person ticks"
        "checklist \"Ready\" {\n    \"Rollback plan reviewed\"\n}";
    "confirm" "confirm \"question\"" "A person says yes, or the run ends here" "confirm \"Is the shop in read-only mode?\"";
    "manual" "manual \"title\" [\"\"\"how\"\"\"] [{ reads }]" "Something a person does by hand"
        "manual \"Move the DNS record\" \"\"\"\n    In the provider's console: shop.example to 192.0.2.7.\n    \"\"\"";
    "choose" "choose \"question\" { \"answer\" { … } … }" "A person decides how it goes on"
        "choose \"Which side is broken?\" {\n    \"the database\" {\n        note \"see db.rbk\"\n    }\n    \"the web\" {\n        note \"see web.rbk\"\n    }\n}";
    "approve" "approve \"what\" by [N of] […] within D" "Consent of somebody named, for this run and this place, once; `[groups]` in rbk.toml lists who is meant"
        "approve \"Deploy to production\" by [\"@release-managers\"] within 30m";
    "if" "if CONDITION { } [else { }]" "One way or the other" "if replicas < 3 {\n    warn \"too few replicas\"\n}";
    "for" "for NAME in LIST [parallel N] [tolerate N|P%] { }" "The same for each item, one after the other or at once"
        "for host in [\"web-1\", \"web-2\"] parallel 2 {\n    note \"${host}\"\n}";
    "parallel" "parallel { }" "Statements that run at once; a failure of one stops the others"
        "parallel {\n    check \"web\" {\n        assert net.port_open(\"web-1\", 443)\n    }\n    check \"db\" {\n        assert net.port_open(\"db-1\", 5432)\n    }\n}";
    "on" "on dir(\"path\") | ssh(…) | docker(…) | compose(…) | pod(…) | user(…) { }"
        "Where the commands within run; places nest, and `rbk doc on.ssh` tells more of one"
        "on ssh(\"deploy@web-1\") {\n    on dir(\"/srv/shop\") {\n        $ ./reload\n    }\n}";
    "with" "with NAME = value, … { }" "Environment variables of the commands within; secrets go this way"
        "with PGPASSWORD = password {\n    $ psql -c \"select 1\"\n}";
    "background" "background \"title\" { } ready [within D every D] { }" "A process that lives until its phase ends"
        "background \"database proxy\" {\n    $ cloud-sql-proxy shop:europe-west2:main\n} ready within 30s {\n    assert net.port_open(\"127.0.0.1\", 5432)\n}";
    "action" "action NAME(p: type, …) reads|changes|destroys [-> type] { } [undo { }] [probe { }]"
        "An action of your own, with what takes it back beside it"
        "action stop(unit: string) changes {\n    $ systemctl stop ${unit}\n} undo {\n    $ systemctl start ${unit}\n}";
    "fn" "fn NAME(p, …) = EXPRESSION" "A function: it computes and touches nothing" "fn double(x: int) = x * 2";
    "call" "call \"./other.rbk\" with { … }" "Another runbook as one step of this one" "call \"./drain.rbk\" with { host: \"web-1\" }";
    "undo" "} undo { }" "Takes a step back; armed before its first change, with the values it uses" "step \"Stop the shop\" {\n    $ systemctl stop shop\n} undo {\n    $ systemctl start shop\n}";
    "restore" "} restore { }" "Runs when the enclosing phase ends, however it ends: for what is only borrowed"
        "step \"Pause the autoscaler\" {\n    $ autoscaler pause\n} restore {\n    $ autoscaler resume\n}";
    "on_fail" "} on_fail stop | continue | undo | rollback | ask | { … }" "What becomes of a failure within"
        "phase \"Deploy\" {\n    step \"Switch\" {\n        $ switch blue\n    } undo {\n        $ switch green\n    }\n} on_fail rollback";
    "finally" "finally { }" "Runs at the end, however it ends; `outcome` is bound in it" "finally {\n    note \"${outcome.status}\"\n}";
    "assert" "assert CONDITION [because \"…\"]" "What must hold; a failure shows what was measured and where it came from"
        "assert info.status == 200 because \"never deploy onto a broken service\"";
    "$" "$ COMMAND" "A command, as it stands in the old runbook; values are quoted for their place"
        "let out = $ kubectl get deploy ${name} -o json\nassert out.json.status.readyReplicas == 3";
    "try" "try EXPRESSION [else EXPRESSION]" "A definite failure becomes a value" "let count = try $ grep -c ERROR app.log";
    "fail" "fail \"why\"" "Ends the scope as failed" "fail \"the disk is full\"";
    "rollback" "rollback \"why\"" "Fails, and takes the run back" "rollback \"error rate too high\"";
    "finish" "finish \"why\"" "Ends the run early, and not as failed" "finish \"nothing to do\"";
    "skip" "skip [\"why\"]" "Leaves the step, check or iteration as skipped" "skip \"already at this version\"";
    "wait" "wait D" "Lets time pass" "wait 30s";
    "note" "note \"text\"" "Printed, and in the record; `warn` likewise" "note \"Deployed ${image}\"";
    "let" "let NAME = EXPRESSION" "Binds a name for what follows; `var` for one that is assigned to later" "let before = 6";
    "point_of_no_return" "point_of_no_return \"why\"" "From here on what came before is not taken back"
        "point_of_no_return \"the old database is gone\"";
    "when" "… when CONDITION { }" "The scope is skipped unless it holds" "step \"Warm the cache\" when env.warm {\n    $ warm-up\n}";
    "timeout" "… timeout D { }" "The scope is stopped when it takes longer; the clock stands still while a person is asked"
        "step \"Migrate\" timeout 10m {\n    $ alembic upgrade head\n}";
    "retry" "… retry N [after D] [backoff F] { }" "The scope is tried again when it fails" "step \"Push\" retry 3 after 5s backoff 2 {\n    $ docker push shop:2\n}";
    "danger" "… danger \"what is lost\" { }" "In a protected environment the environment's name is typed first"
        "step \"Drop the old table\" danger \"last week's orders\" {\n    $ psql -f drop.sql\n}";
    "irreversible" "… irreversible \"why\" { }" "Says that there is no way back, and why" "step \"Send the mails\" irreversible \"sent is sent\" {\n    $ send-mails\n}";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    #[test]
    fn every_example_can_be_read() {
        for construct in ALL {
            let found = crate::syntax::parse(FileId(0), construct.example).diagnostics;
            assert!(found.is_empty(), "{}: {found:?}", construct.name);
            assert!(!construct.summary.ends_with('.'), "{}", construct.name);
        }
    }
}
