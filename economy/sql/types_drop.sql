DROP TYPE IF EXISTS economy_outcome, economy_portion, economy_request, economy_line, economy_header;
