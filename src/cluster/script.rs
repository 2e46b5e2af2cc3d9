//! The scripts that Redis runs: each changes the truth and tells of it in one step.

use super::{
    connect::Connector,
    link::{self, Link, LinkError},
};

/// What all scripts begin with.
const PRELUDE: &str = include_str!("lua/prelude.lua");

/// A script, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    Register,
    Beat,
    Attach,
    Change,
    Detach,
    Claim,
    Share,
    Keep,
    Count,
    Look,
    List,
    Members,
    Connections,
    Leave,
}

const SCRIPTS: [(Script, &str); 14] = [
    (Script::Register, include_str!("lua/register.lua")),
    (Script::Beat, include_str!("lua/beat.lua")),
    (Script::Attach, include_str!("lua/attach.lua")),
    (Script::Change, include_str!("lua/change.lua")),
    (Script::Detach, include_str!("lua/detach.lua")),
    (Script::Claim, include_str!("lua/claim.lua")),
    (Script::Share, include_str!("lua/share.lua")),
    (Script::Keep, include_str!("lua/keep.lua")),
    (Script::Count, include_str!("lua/count.lua")),
    (Script::Look, include_str!("lua/look.lua")),
    (Script::List, include_str!("lua/list.lua")),
    (Script::Members, include_str!("lua/members.lua")),
    (Script::Connections, include_str!("lua/connections.lua")),
    (Script::Leave, include_str!("lua/leave.lua")),
];

/// The names under which Redis knows the scripts.
pub(super) struct Scripts([Vec<u8>; SCRIPTS.len()]);

impl Scripts {
    /// Hands all scripts to Redis.
    pub(super) async fn load(link: &mut Link, connector: &Connector) -> Result<Self, LinkError> {
        let mut names = std::array::from_fn(|_| Vec::new());
        for (name, (_, script)) in names.iter_mut().zip(SCRIPTS) {
            let script = [PRELUDE, script].join("\n");
            let command: [&[u8]; 3] = [b"SCRIPT", b"LOAD", script.as_bytes()];
            let reply = connector.ask(link, &command).await?;
            let loaded = link::bytes(reply);
            *name = loaded
                .ok_or_else(|| LinkError::Misunderstood("the name of a script".to_owned()))?
                .to_vec();
        }
        Ok(Self(names))
    }

    /// The name of a script.
    pub(super) fn name(&self, script: Script) -> &[u8] {
        &self.0[script as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::SCRIPTS;

    #[test]
    fn scripts_are_in_the_order_of_their_names() {
        for (index, (script, _)) in SCRIPTS.iter().enumerate() {
            assert_eq!(*script as usize, index);
        }
    }
}
