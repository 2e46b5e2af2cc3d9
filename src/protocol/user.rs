//! Who is signed in on a connection.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{PusherError, UserId};

/// A signed-in user, as the `user_data` that the application signed describes it.
///
/// Pusher: <https://pusher.com/docs/channels/using_channels/user-authentication/>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who this is.
    pub id: UserId,
    /// Whose coming and going the user wants to know of; each once.
    pub watchlist: Vec<UserId>,
}

#[derive(Deserialize)]
struct UserData {
    id: Option<Box<RawValue>>,
    #[serde(default)]
    watchlist: Vec<Box<RawValue>>,
}

impl User {
    /// Reads `{"id": …, "watchlist": [ids]}`; further fields are the application's own.
    ///
    /// # Errors
    /// `InvalidMessageFormat` if it is no JSON object of that shape, `InvalidUser` if an id is
    /// missing, empty or neither string nor number.
    pub fn parse(user_data: &str) -> Result<Self, PusherError> {
        let data: UserData =
            serde_json::from_str(user_data).map_err(|_| PusherError::InvalidMessageFormat)?;
        let read = |id: &RawValue| UserId::parse(id).ok_or(PusherError::InvalidUser);
        let id = read(data.id.as_deref().unwrap_or(RawValue::NULL))?;
        let mut watchlist = data
            .watchlist
            .iter()
            .map(|id| read(id))
            .collect::<Result<Vec<_>, _>>()?;
        watchlist.sort_unstable();
        watchlist.dedup();
        Ok(Self { id, watchlist })
    }
}

#[cfg(test)]
mod tests {
    use super::{PusherError, User};

    #[test]
    fn a_user_has_an_id_and_perhaps_a_watchlist() {
        let user =
            User::parse(r#"{"id":"7","name":"Ada","watchlist":["3",2,"3"]}"#).expect("a user");
        let watchlist: Vec<_> = user.watchlist.iter().map(|id| id.as_str()).collect();
        assert_eq!((user.id.as_str(), watchlist), ("7", vec!["2", "3"]));
    }

    #[test]
    fn unusable_user_data_is_refused() {
        for (data, error) in [
            ("7", PusherError::InvalidMessageFormat),
            (
                r#"{"id":"7","watchlist":{}}"#,
                PusherError::InvalidMessageFormat,
            ),
            ("{}", PusherError::InvalidUser),
            (r#"{"id":""}"#, PusherError::InvalidUser),
            (r#"{"id":[]}"#, PusherError::InvalidUser),
            (r#"{"id":"7","watchlist":[null]}"#, PusherError::InvalidUser),
        ] {
            assert_eq!(User::parse(data), Err(error), "{data}");
        }
    }
}
