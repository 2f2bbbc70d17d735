//! The rules. Each stands in this list once; all else is in its own file and page.

macro_rules! rules {
    ($($module:ident)*) => {
        $(pub(super) mod $module;)*

        /// All of them, by code.
        pub(super) static ALL: &[&super::Rule] = &[$(&$module::RULE),*];
    };
}

rules! {
    no_way_back
    unarmed_change
    undo_elsewhere
    undo_order
    not_restored
    pending_at_no_return
    no_timeout
    inner_timeout
    too_few_tries
    poll_cannot_fail
    constant_condition
    unlike_units
    secret_in_command
    secret_in_url
    secret_in_text
    hard_coded_secret
    plain_secret
    two_timestamps
    placeholder
    no_lock
    no_approval
    self_approval
    unused_name
    shadowed_name
    unreachable
    same_title
    monitor_without_reading
    sleep_in_command
    curl_grep
    hidden_failure
    bash_only
    interactive_command
    kube_target
    gcloud_project
    undeclared_tool
    no_owner
    shellcheck
    ignore_without_reason
    unused_ignore
}
