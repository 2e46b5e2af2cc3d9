//! The catalogue of what a client can be told it did wrong.

/// An error told to a client as `pusher:error`, with Reverb's code and text.
///
/// Codes: <https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol/#error-codes>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PusherError {
    /// No application has the key of the address. The client should not come again.
    #[error("Application does not exist")]
    ApplicationUnknown,
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
    /// A channel name over 255 bytes.
    #[error("Invalid channel name: longer than 255 bytes")]
    ChannelNameTooLong,
    /// The connection was silent after a ping.
    #[error("Pong reply not received in time")]
    PongNotReceived,
    /// The server is about to stop; the client should come again at once.
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
    pub const ALL: [Self; 13] = [
        Self::ApplicationUnknown,
        Self::OverConnectionQuota,
        Self::OriginNotAllowed,
        Self::ConnectionUnauthorized,
        Self::NotAMember,
        Self::InvalidMessageFormat,
        Self::InvalidUserId,
        Self::ChannelNameTooLong,
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
            Self::TooSlow => 4100,
            Self::InvalidMessageFormat
            | Self::InvalidUserId
            | Self::ChannelNameTooLong
            | Self::ServerShutdown => 4200,
            Self::PongNotReceived => 4201,
            Self::RateLimitExceeded | Self::ClientEventsDisabled => 4301,
        }
    }
}
