//! stub
use super::SimpleCommand;
/// stub
pub fn changes(_command: &SimpleCommand) -> Option<&'static str> {
    None
}
