"""Sentences that several modules say."""

from typing import Final

from bach_lib.said import Sentence

WHAT_ANSWERED_IS_NOT_DISCORD: Final = Sentence("what_answered_is_not_discord", "What answered is not Discord.")
A_WEBHOOK_CANNOT_ANSWER_MESSAGES: Final = Sentence(
    "a_webhook_cannot_answer_messages", "A webhook cannot answer messages."
)
TEXT: Final = Sentence("text", "text")
THE_CONNECTION_TO_HOST_BROKE: Final = Sentence("the_connection_to_host_broke", "The connection to {host} broke.")
HOST_DID_NOT_ANSWER_IN_TIME: Final = Sentence("host_did_not_answer_in_time", "{host} did not answer in time.")
HOST_ANSWERED_WITH_HTTP_STATUS_STATUS: Final = Sentence(
    "host_answered_with_http_status_status", "{host} answered with HTTP status {status}."
)
THE_CONNECTION_TO_HOST_BROKE_BEFORE_THE_ANSWER: Final = Sentence(
    "the_connection_to_host_broke_before_the_answer", "The connection to {host} broke before the answer came."
)
IT_HAS_MORE_THAN_NUMBER_BYTES: Final = Sentence("it_has_more_than_number_bytes", "it has more than {number} bytes")
IT_HAS_MORE_THAN_LIMIT_BYTES: Final = Sentence("it_has_more_than_limit_bytes", "It has more than {limit} bytes.")
WHAT_ANSWERS_AT_HOST_IS_NO_SIGNAL_CLI_REST_API: Final = Sentence(
    "what_answers_at_host_is_no_signal_cli_rest_api", "What answers at {host} is no signal-cli-rest-api."
)
ITS_FORM_CANNOT_BE_READ: Final = Sentence("its_form_cannot_be_read", "its form cannot be read")
THE_NAME_OF_A_HEADER: Final = Sentence("the_name_of_a_header", "the name of a header")
IT_TOOK_TOO_LONG: Final = Sentence("it_took_too_long", "it took too long")
NAME_AND_REASON: Final = Sentence("name_and_reason", "{name}: {reason}.")
IT_HAS_SIZE_BYTES_AND_TYPE_TAKES_LIMIT: Final = Sentence(
    "it_has_size_bytes_and_type_takes_limit", "it has {size} bytes, and {type} takes {limit}"
)
FILE_WITH_A_NAME_AND_BYTES: Final = Sentence("file_with_a_name_and_bytes", "File, with a name and bytes")
AT_MOST_NUMBER_CHARACTERS: Final = Sentence("at_most_number_characters", "at most {number} characters")
A_BROKEN_CHARACTER: Final = Sentence("a_broken_character", "a broken character")
TEXT_WITHOUT_HALVES_OF_CHARACTERS: Final = Sentence(
    "text_without_halves_of_characters", "text without halves of characters"
)
THE_CONNECTION_IS_SWITCHED_OFF: Final = Sentence("the_connection_is_switched_off", "The connection is switched off.")
GEMINI_DECLINED_TO_ANSWER: Final = Sentence("gemini_declined_to_answer", "Gemini declined to answer.")
HOST_ANSWERS_WITH_MORE_THAN_NUMBER_MIB: Final = Sentence(
    "host_answers_with_more_than_number_mib", "{host} answers with more than {number} MiB."
)
THE_AI_DECLINED_TO_ANSWER_WORDS: Final = Sentence(
    "the_ai_declined_to_answer_words", "The AI declined to answer: {words}"
)
A_TEXT: Final = Sentence("a_text", "a text")
THE_CONNECTION_IS_NOT_AT_WORK: Final = Sentence("the_connection_is_not_at_work", "The connection is not at work.")
THE_SCHEMA_BACH_IN_ADDRESS: Final = Sentence("the_schema_bach_in_address", "the schema bach in {address}")
A_NUMBER: Final = Sentence("a_number", "a number")
MORE_THAN_63_BITS: Final = Sentence("more_than_63_bits", "more than 63 bits")
A_SMALLER_ONE: Final = Sentence("a_smaller_one", "a smaller one")
A_NAME_OF_LETTERS_AND_DIGITS: Final = Sentence("1_to_100_letters_digits", '1 to 100 letters, digits, "_", "-" or "."')
FROM_1_TO_NUMBER: Final = Sentence("1_to_number", "1 to {number}")
FROM_1_TO_NUMBER_IN_A_TUPLE: Final = Sentence("from_1_to_number_in_a_tuple", "from 1 to {number}, in a tuple")

TRUE_OR_FALSE: Final = Sentence("true_or_false", "true or false")
NAMES_WITH_VALUES: Final = Sentence("names_with_values", "names with values")
THE_SERVER: Final = Sentence("the_server", "the server")
"""Instead of the name of a host."""
NO_NTFY_SERVER: Final = Sentence("no_ntfy_server", "no ntfy server")
A_MESSAGE_THAT_IS_THERE_ALREADY_CAN_HAVE: Final = Sentence(
    "a_message_that_is_there_already_can_have", "A message that is there already can have {number} characters."
)
A_USER_NAME_WITHOUT_A_COLON: Final = Sentence("a_user_name_without_a_colon", "a user name without a colon")
ONE_OR_OTHER: Final = Sentence("one_or_other", "{one} or {other}")
HOST_SAYS_WORDS: Final = Sentence("host_says_words", '{host} says: "{words}"')
PLATFORM_SAYS_WORDS: Final = Sentence("platform_says_words", '{platform} says: "{words}"')
A_WHOLE_NUMBER_FROM_LOW_TO_HIGH: Final = Sentence(
    "a_whole_number_from_low_to_high", "a whole number from {low} to {high}"
)
EACH_PLACE_ONCE: Final = Sentence("each_place_once", "each place once")
A_MESSAGE_TO_FORWARD: Final = Sentence("a_message_to_forward", "a message to forward")
A_TIME_WITH_ITS_ZONE_WITHIN_A_YEAR: Final = Sentence(
    "a_time_with_its_zone_within_a_year", "a date and time with its time zone, at most a year from now"
)
AN_HTTP_S_ADDRESS: Final = Sentence("an_http_s_address", "an http(s) address")
ONE_OF_BOTH: Final = Sentence(
    "the_number_of_one_that_was_sent_or_incoming_id",
    "the number of a message that was sent, or else incoming_id with that of one that came in",
)
HOST_REFUSES_THE_TOKEN: Final = Sentence("host_refuses_the_token", "{host} refuses the token.")
ANSWER: Final = Sentence("answer", "answer")
NONE: Final = Sentence("none", "none")
NO_ANSWER: Final = Sentence("the_platform_did_not_answer_in_time", "The platform did not answer in time.")
NO_ANSWER_TO_SEND: Final = Sentence(
    "no_answer_in_time_it_may_have_arrived", "The platform did not answer in time; the message may have arrived."
)
NOTHING_IS_THERE: Final = Sentence("nothing_is_there", "nothing is there")
MORE_THAN_0_SECONDS_AT_MOST_7_DAYS: Final = Sentence(
    "more_than_0_seconds_at_most_7_days", "more than 0 seconds, at most 7 days"
)
