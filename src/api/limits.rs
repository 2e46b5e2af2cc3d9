//! Limits on what one request may publish, where the operator has set any.

use super::{ApiError, Command, Event, FieldErrors};

/// Limits of an application; Reverb has none of them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a channel's name.
    pub channel_name_length: usize,
    /// Bytes of an event's name.
    pub event_name_length: usize,
    /// Bytes of an event's data.
    pub event_data_size: usize,
    /// Channels of one event.
    pub channels_per_event: usize,
    /// Events of one batch.
    pub events_per_batch: usize,
}

impl Limits {
    /// Checks what a request wants to publish.
    ///
    /// # Errors
    /// `DataTooLarge` for data, `Invalid` with the field at fault for all else.
    pub fn check(&self, command: &Command) -> Result<(), ApiError> {
        let mut errors = FieldErrors::default();
        match command {
            Command::Publish(event) => self.check_event(event, "", &mut errors)?,
            Command::PublishBatch(events) => {
                if events.len() > self.events_per_batch {
                    errors.add("batch", &more_than(self.events_per_batch, "items"));
                }
                for (index, event) in events.iter().enumerate() {
                    self.check_event(
                        event,
                        &["batch.", &index.to_string(), "."].concat(),
                        &mut errors,
                    )?;
                }
            }
            _ => {}
        }
        errors.into_result()
    }

    fn check_event(
        &self,
        event: &Event,
        prefix: &str,
        errors: &mut FieldErrors,
    ) -> Result<(), ApiError> {
        if event.data.len() > self.event_data_size {
            return Err(ApiError::DataTooLarge(self.event_data_size));
        }
        let mut add = |field: &str, fault: &str| errors.add(&[prefix, field].concat(), fault);
        if event.name.len() > self.event_name_length {
            add("name", &longer_than(self.event_name_length));
        }
        if event.channels.len() > self.channels_per_event {
            add("channels", &more_than(self.channels_per_event, "items"));
        }
        for (index, channel) in event.channels.iter().enumerate() {
            if channel.as_str().len() > self.channel_name_length {
                let field = ["channels.", &index.to_string()].concat();
                add(&field, &longer_than(self.channel_name_length));
            }
        }
        Ok(())
    }
}

fn more_than(limit: usize, what: &str) -> String {
    ["must not have more than ", &limit.to_string(), " ", what].concat()
}

fn longer_than(limit: usize) -> String {
    ["must not be longer than ", &limit.to_string(), " bytes"].concat()
}
