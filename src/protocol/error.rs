//! The catalogue of what a client can be told it did wrong.

/// An error told to a client as `pusher:error`, with Reverb's code and text.
///
/// Codes: <https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PusherError {
    /// No application has the key of the address. The client should not come again.
    #[error("Application does not exist")]
    ApplicationUnknown,
    /// It could not be found out in time whether an application has the key; the client should come again.
    #[error("Application is not available now")]
    ApplicationUnavailable,
    /// The application has `max_connections` connections.
    #[error("Application is over connection quota")]
    OverConnectionQuota,
    /// The `Origin` of the handshake is not among `allowed_origins`.
    #[error("Origin not allowed")]
    OriginNotAllowed,
    /// The signature does not cover this socket id, channel and channel data.
    #[error("Connection is unauthorized")]
    ConnectionUnauthorized,
    /// A client event for a channel which the sender is not subscribed to.
    #[error("The client is not a member of the specified channel.")]
    NotAMember,
    /// The message is no JSON, or lacks a field, or has one of a wrong type.
    #[error("Invalid message format")]
    InvalidMessageFormat,
    /// The `channel_data` of a presence channel names no user.
    #[error("Invalid channel_data: user_id must be a non-empty string or a number")]
    InvalidUserId,
    /// The `user_data` of a sign-in names no user, or its watchlist no users.
    #[error("Invalid user_data: id must be a non-empty string or a number")]
    InvalidUser,
    /// A channel name longer than `channel_name_length`, which is 255 bytes at the most.
    #[error("Invalid channel name: too long")]
    ChannelNameTooLong,
    /// The connection subscribes to `channels_per_connection` channels already.
    #[error("Connection subscribes to too many channels")]
    TooManyChannels,
    /// The presence channel has `presence_members` users already.
    #[error("Presence channel has too many members")]
    TooManyMembers,
    /// The `channel_data` is longer than `member_data_size`.
    #[error("Presence member data is too large")]
    MemberDataTooLarge,
    /// The watchlist names more than `watchlist_size` users.
    #[error("Watchlist has too many users")]
    WatchlistTooLong,
    /// The connection was silent after a ping.
    #[error("Pong reply not received in time")]
    PongNotReceived,
    /// The server is about to stop. Who came again at once would find nobody, and pusher-js looks
    /// again only after 15 seconds; told to wait, it comes after one.
    #[error("Server is shutting down")]
    ServerShutdown,
    /// The connection reads more slowly than it is sent to: its backlog passed `max_backlog`.
    #[error("Connection is too slow")]
    TooSlow,
    /// The connection sent more than `rate_limiting.max_attempts` messages.
    #[error("Rate limit exceeded")]
    RateLimitExceeded,
    /// The application's `accept_client_events_from` is `none`.
    #[error("The app does not have client messaging enabled.")]
    ClientEventsDisabled,
}

impl PusherError {
    /// Every entry, for tests and documentation.
    pub const ALL: [Self; 19] = [
        Self::ApplicationUnknown,
        Self::ApplicationUnavailable,
        Self::OverConnectionQuota,
        Self::OriginNotAllowed,
        Self::ConnectionUnauthorized,
        Self::NotAMember,
        Self::InvalidMessageFormat,
        Self::InvalidUserId,
        Self::InvalidUser,
        Self::ChannelNameTooLong,
        Self::TooManyChannels,
        Self::TooManyMembers,
        Self::MemberDataTooLarge,
        Self::WatchlistTooLong,
        Self::PongNotReceived,
        Self::ServerShutdown,
        Self::TooSlow,
        Self::RateLimitExceeded,
        Self::ClientEventsDisabled,
    ];

    /// The number that clients act on: 4000–4099 do not come again, 4100–4199 come again later,
    /// 4200–4299 come again at once, 4300–4399 the connection goes on.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::ApplicationUnknown => 4001,
            Self::OverConnectionQuota => 4004,
            Self::OriginNotAllowed | Self::ConnectionUnauthorized | Self::NotAMember => 4009,
            Self::ApplicationUnavailable | Self::ServerShutdown | Self::TooSlow => 4100,
            Self::InvalidMessageFormat
            | Self::InvalidUserId
            | Self::InvalidUser
            | Self::ChannelNameTooLong => 4200,
            Self::PongNotReceived => 4201,
            Self::RateLimitExceeded
            | Self::ClientEventsDisabled
            | Self::TooManyChannels
            | Self::TooManyMembers
            | Self::MemberDataTooLarge
            | Self::WatchlistTooLong => 4301,
        }
    }
}
