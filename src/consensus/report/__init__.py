"""What a partnership shows: tables with small cells suppressed, plots, the report page, the published spreadsheet."""
