"""World Bank databases by the Indicators API, the bulk zip, or Data360."""
