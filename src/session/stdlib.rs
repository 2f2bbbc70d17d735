//! The standard library written in rbk, as it lies in `stdlib/`, within the binary.

/// Every module by the name under which it is used.
static MODULES: &[(&str, &str)] = &[
    ("std.alembic", include_str!("../../stdlib/alembic.rbk")),
    ("std.aws.autoscaling", include_str!("../../stdlib/aws/autoscaling.rbk")),
    ("std.aws.ecs", include_str!("../../stdlib/aws/ecs.rbk")),
    ("std.aws.lambda", include_str!("../../stdlib/aws/lambda.rbk")),
    ("std.aws.logs", include_str!("../../stdlib/aws/logs.rbk")),
    ("std.aws.rds", include_str!("../../stdlib/aws/rds.rbk")),
    ("std.aws.route53", include_str!("../../stdlib/aws/route53.rbk")),
    ("std.aws.s3", include_str!("../../stdlib/aws/s3.rbk")),
    ("std.aws.secretsmanager", include_str!("../../stdlib/aws/secretsmanager.rbk")),
    ("std.aws.ssm", include_str!("../../stdlib/aws/ssm.rbk")),
    ("std.compose", include_str!("../../stdlib/compose.rbk")),
    ("std.discord", include_str!("../../stdlib/discord.rbk")),
    ("std.docker", include_str!("../../stdlib/docker.rbk")),
    ("std.gcp.cloudrun", include_str!("../../stdlib/gcp/cloudrun.rbk")),
    ("std.gcp.cloudsql", include_str!("../../stdlib/gcp/cloudsql.rbk")),
    ("std.gcp.logging", include_str!("../../stdlib/gcp/logging.rbk")),
    ("std.gcp.monitoring", include_str!("../../stdlib/gcp/monitoring.rbk")),
    ("std.gcp.secrets", include_str!("../../stdlib/gcp/secrets.rbk")),
    ("std.gh", include_str!("../../stdlib/gh.rbk")),
    ("std.git", include_str!("../../stdlib/git.rbk")),
    ("std.helm", include_str!("../../stdlib/helm.rbk")),
    ("std.k8s", include_str!("../../stdlib/k8s.rbk")),
    ("std.npm", include_str!("../../stdlib/npm.rbk")),
    ("std.openssl", include_str!("../../stdlib/openssl.rbk")),
    ("std.pagerduty", include_str!("../../stdlib/pagerduty.rbk")),
    ("std.prisma", include_str!("../../stdlib/prisma.rbk")),
    ("std.sentry", include_str!("../../stdlib/sentry.rbk")),
    ("std.slack", include_str!("../../stdlib/slack.rbk")),
    ("std.statuspage", include_str!("../../stdlib/statuspage.rbk")),
    ("std.systemd", include_str!("../../stdlib/systemd.rbk")),
    ("std.terraform", include_str!("../../stdlib/terraform.rbk")),
];

/// The text of `std.slack`.
pub fn find(name: &str) -> Option<&'static str> {
    MODULES.iter().find(|(module, _)| *module == name).map(|(_, text)| *text)
}

/// The names of all modules.
pub fn names() -> Vec<&'static str> {
    MODULES.iter().map(|(module, _)| *module).collect()
}
