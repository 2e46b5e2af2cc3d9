//! Who is signed in on a connection.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Member, PusherError, UserId};

/// A signed-in user, as the `user_data` that the application signed describes it.
///
/// Pusher: <https://pusher.com/docs/channels/using_channels/user-authentication/>.
#[derive(Clone, Debug)]
pub struct User {
    /// Who this is.
    pub id: UserId,
    /// Whose coming and going the user wants to know of; each once.
    pub watchlist: Vec<UserId>,
    /// The id as it was sent: a JSON string or number.
    sent_id: Box<RawValue>,
    info: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct UserData {
    id: Option<Box<RawValue>>,
    user_info: Option<Box<RawValue>>,
    #[serde(default)]
    watchlist: Vec<Box<RawValue>>,
}

impl User {
    /// Reads `{"id": …, "user_info": …, "watchlist": [ids]}`; further fields are the application's own.
    ///
    /// # Errors
    /// `InvalidMessageFormat` if it is no JSON object of that shape, `InvalidUser` if an id is
    /// missing, empty or neither string nor number.
    pub fn parse(user_data: &str) -> Result<Self, PusherError> {
        let data: UserData =
            serde_json::from_str(user_data).map_err(|_| PusherError::InvalidMessageFormat)?;
        let read = |id: &RawValue| UserId::parse(id).ok_or(PusherError::InvalidUser);
        let sent_id = data.id.unwrap_or_else(|| RawValue::NULL.to_owned());
        let id = read(&sent_id)?;
        let mut watchlist = data
            .watchlist
            .iter()
            .map(|id| read(id))
            .collect::<Result<Vec<_>, _>>()?;
        watchlist.sort_unstable();
        watchlist.dedup();
        Ok(Self {
            id,
            watchlist,
            sent_id,
            info: data.user_info,
        })
    }

    /// The user as a member of a presence channel, for subscriptions that name nobody else.
    #[must_use]
    pub fn member(&self) -> Member {
        Member::new(self.id.clone(), &self.sent_id, self.info.as_deref())
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
    fn a_user_is_a_member_under_the_same_id() {
        for (user_data, channel_data) in [
            (r#"{"id":"7","name":"Ada"}"#, r#"{"user_id":"7"}"#),
            (
                r#"{"id":7,"user_info":{"a": 1.0}}"#,
                r#"{"user_id":7,"user_info":{"a": 1.0}}"#,
            ),
        ] {
            let user = User::parse(user_data).expect("a user");
            assert_eq!(user.member().channel_data(), channel_data);
            assert_eq!(user.member().user_id(), &user.id);
        }
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
            assert_eq!(User::parse(data).err(), Some(error), "{data}");
        }
    }
}
