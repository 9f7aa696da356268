/**
 * Names of Connect's components that are not ours, by role: who writes one means that one, and no other name is near.
 *
 * A name that has become ours may stay here; what there is is always looked up first.
 */
import type { Role } from './component.ts'

export function isConnectComponent(role: Role, name: string): boolean {
  return NAMES[role].has(name)
}

const NAMES: Readonly<Record<Role, ReadonlySet<string>>> = {
  input: names(`
    amqp_0_9 amqp_1 aws_cloudwatch_logs aws_dynamodb_cdc aws_kinesis aws_s3 aws_sqs azure_blob_storage azure_cosmosdb
    azure_queue_storage azure_table_storage beanstalkd cassandra cockroachdb_changefeed discord gateway
    gcp_bigquery_select gcp_cloud_storage gcp_pubsub gcp_spanner_cdc git hdfs jira kafka_franz microsoft_sql_server_cdc
    mongodb mongodb_cdc mqtt mysql_cdc nanomsg nats nats_jetstream nats_kv nats_stream nsq ockam_kafka oracledb_cdc
    otlp_grpc otlp_http parquet pg_stream postgres_cdc pulsar redis_list redis_pubsub redis_scan redis_streams redpanda
    redpanda_common redpanda_migrator salesforce salesforce_cdc salesforce_graphql schema_registry sftp slack
    slack_users spicedb_watch splunk sql_raw sql_select tigerbeetle_cdc timeplus twitter_search zmq4`),
  buffer: new Set(),
  processor: names(`
    a2a_message awk aws_bedrock_chat aws_bedrock_embeddings aws_dynamodb_partiql aws_lambda azure_cosmosdb cohere_chat
    cohere_embeddings cohere_rerank couchbase ffi gcp_bigquery_select gcp_vertex_ai_chat gcp_vertex_ai_embeddings
    google_drive_download google_drive_list_labels google_drive_search jira mongodb nats_kv nats_request_reply
    ollama_chat ollama_embeddings ollama_moderation openai_chat_completion openai_embeddings openai_image_generation
    openai_speech openai_transcription openai_translation parquet qdrant redis redis_script redpanda_data_transform
    schema_registry_decode schema_registry_encode sentry_capture slack_thread sql sql_insert sql_raw sql_select
    text_chunker`),
  output: names(`
    amqp_0_9 amqp_1 arc aws_dynamodb aws_kinesis aws_kinesis_firehose aws_s3 aws_sns aws_sqs azure_blob_storage
    azure_cosmosdb azure_data_lake_gen2 azure_queue_storage azure_table_storage beanstalkd cassandra couchbase cyborgdb
    cypher discord doris_stream_load elasticsearch_v9 gcp_bigquery gcp_bigquery_write_api gcp_cloud_storage gcp_pubsub
    hdfs iceberg kafka_franz mongodb mqtt nanomsg nats nats_jetstream nats_kv nats_stream nsq ockam_kafka opensearch
    otlp_grpc otlp_http pinecone pulsar pusher qdrant questdb redis_hash redis_list redis_pubsub redis_streams redpanda
    redpanda_common redpanda_migrator salesforce_sink schema_registry sftp slack_post slack_reaction snowflake_put
    snowflake_streaming splunk_hec sql sql_insert sql_raw zmq4`),
  cache: names(`
    aws_dynamodb aws_s3 couchbase gcp_cloud_storage memcached mongodb nats_kv redis redpanda ristretto sql`),
  rate_limit: names('redis'),
}

function names(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}
