/** The names that upstream's catalogue has, typed from its documentation and never derived from the registry. */

export const FUNCTION_NAMES: readonly string[] = `
batch_index batch_size bytes content count counter deleted nothing env error errored error_source_label
error_source_name error_source_path fake file file_rel hostname json ksuid nanoid snowflake_id ulid uuid_v4 uuid_v7
meta root_meta metadata now pi random_int range throw timestamp_unix timestamp_unix_milli timestamp_unix_micro
timestamp_unix_nano tracing_id tracing_span var with_schema_registry_header
`
  .trim()
  .split(/\s+/)

export const METHOD_NAMES: readonly string[] = `
abs ceil floor round sin cos tan log log10 pow bitwise_and bitwise_or bitwise_xor max min
int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64
apply bloblang catch or from from_all map not array bool bytes number string timestamp type not_empty not_null
all any append concat assign merge collapse contains diff patch enumerated exists get explode filter map_each
map_each_key find find_all find_by find_all_by flatten fold index join json_path json_schema key_values keys values
length slice sort sort_by squash sum unique with without zip
capitalize lowercase uppercase quote unquote reverse repeat has_prefix has_suffix index_of
escape_html unescape_html escape_url_query unescape_url_query escape_url_path unescape_url_path
filepath_join filepath_split format replace_all replace replace_all_many replace_many slug strip_html trim trim_prefix
trim_suffix split unicode_segments compare_argon2 compare_bcrypt
re_match re_replace_all re_replace re_find_all re_find_all_submatch re_find_object re_find_all_object
encode decode compress decompress hash encrypt_aes decrypt_aes uuid_v5
sign_jwt_hs256 sign_jwt_hs384 sign_jwt_hs512 sign_jwt_rs256 sign_jwt_rs384 sign_jwt_rs512
sign_jwt_es256 sign_jwt_es384 sign_jwt_es512
parse_jwt_hs256 parse_jwt_hs384 parse_jwt_hs512 parse_jwt_rs256 parse_jwt_rs384 parse_jwt_rs512
parse_jwt_es256 parse_jwt_es384 parse_jwt_es512
parse_json format_json parse_yaml format_yaml parse_csv parse_xml format_xml parse_msgpack format_msgpack
parse_parquet parse_url parse_form_url_encoded parse_logfmt parse_duration parse_duration_iso8601 infer_schema
ts_parse ts_strptime ts_format ts_strftime ts_unix ts_unix_milli ts_unix_micro ts_unix_nano ts_round ts_tz
ts_add_iso8601 ts_sub_iso8601 ts_sub
format_timestamp format_timestamp_strftime format_timestamp_unix format_timestamp_unix_milli
format_timestamp_unix_micro format_timestamp_unix_nano parse_timestamp parse_timestamp_strptime
geoip_anonymous_ip geoip_asn geoip_city geoip_connection_type geoip_country geoip_domain geoip_enterprise geoip_isp
vector
`
  .trim()
  .split(/\s+/)
