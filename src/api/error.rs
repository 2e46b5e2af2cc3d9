//! The catalogue of what a caller of the HTTP API can be told.

use std::collections::BTreeMap;

use serde::Serialize;

/// Why a request is not served, with Reverb's statuses and texts.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// The caller's request is no HTTP.
    #[error("Bad request.")]
    BadRequest,
    /// The body is no JSON object. The text says what is wrong with it, and where.
    #[error("The request body must be a JSON object: {0}.")]
    Body(String),
    /// The signature, the key or the version does not fit; the caller should check its key and secret.
    #[error("Authentication signature invalid.")]
    SignatureInvalid,
    /// The signature is right but old or from the future; the caller should check its clock.
    #[error("Authentication timestamp is not within {tolerance} seconds of the server's time.")]
    TimestampExpired {
        /// `auth_timestamp_tolerance`, in seconds.
        tolerance: u64,
    },
    /// The body did not come in time; the caller should send it faster.
    #[error("Request timeout.")]
    BodyTooSlow,
    /// No route has this path.
    #[error("Not found.")]
    NotFound,
    /// The application id of the path is unknown.
    #[error("No matching application for ID [{0}].")]
    ApplicationUnknown(String),
    /// It could not be found out in time whether there is such an application; the caller should come again.
    #[error("The application is not available now.")]
    ApplicationUnavailable,
    /// The path exists; its one method is given here.
    #[error("Method not allowed.")]
    MethodNotAllowed(&'static str),
    /// The body is coded in a way that is not understood; the caller should send it plain.
    #[error("Transfer coding not implemented.")]
    TransferCodingUnknown,
    /// The request is larger than `max_request_size`, which the operator may raise.
    #[error("Payload too large.")]
    PayloadTooLarge,
    /// The data of an event is larger than the application's `event_data_size`, which is given here.
    #[error("The event's data must not be larger than {0} bytes (event_data_size).")]
    DataTooLarge(usize),
    /// Fields of the body are missing or of a wrong type.
    #[error("The given data was invalid.")]
    Invalid(FieldErrors),
    /// The server could not do what was asked; its log says why.
    #[error("Internal server error.")]
    Internal,
}

impl ApiError {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::BadRequest | Self::Body(_) => 400,
            Self::SignatureInvalid | Self::TimestampExpired { .. } => 401,
            Self::NotFound | Self::ApplicationUnknown(_) => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::BodyTooSlow => 408,
            Self::PayloadTooLarge | Self::DataTooLarge(_) => 413,
            Self::Invalid(_) => 422,
            Self::Internal => 500,
            Self::TransferCodingUnknown => 501,
            Self::ApplicationUnavailable => 503,
        }
    }
}

/// Laravel's error bag: what is wrong with which field, in its words.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    /// `Err` if there is any.
    pub(super) fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Invalid(self))
        }
    }

    /// Adds "The … field {fault}." Laravel shows underscores as spaces.
    pub(super) fn add(&mut self, field: &str, fault: &str) {
        let name = field.replace('_', " ");
        let text = ["The ", &name, " field ", fault, "."].concat();
        self.0.entry(field.to_owned()).or_default().push(text);
    }
}
