"""The API keys' room: keys that programs present for a person or a service, with less than their owner may do."""
