/* Public images and what their documentation says about them. */
#include "format/image_ref.h"
#include "import/compose_reader.h"

/* Only images that start as root have `data`: they can write to a new volume. */
static const struct compose_image images[] = {
    {.name = "postgres", .port = 5432, .data = {"/var/lib/postgresql/data"}, .runs_initdb = true},
    {.name = "postgis", .port = 5432, .data = {"/var/lib/postgresql/data"}, .runs_initdb = true},
    {.name = "timescaledb",
     .port = 5432,
     .data = {"/var/lib/postgresql/data"},
     .runs_initdb = true},
    {.name = "pgvector", .port = 5432, .data = {"/var/lib/postgresql/data"}, .runs_initdb = true},
    {.name = "postgresql", .port = 5432},
    {.name = "mysql", .port = 3306, .data = {"/var/lib/mysql"}},
    {.name = "mariadb", .port = 3306, .data = {"/var/lib/mysql"}},
    {.name = "redis", .port = 6379, .data = {"/data"}},
    {.name = "valkey", .port = 6379, .data = {"/data"}},
    {.name = "mongo", .port = 27017, .data = {"/data/db", "/data/configdb"}},
    {.name = "mongodb", .port = 27017},
    {.name = "cassandra", .port = 9042, .data = {"/var/lib/cassandra"}},
    {.name = "rabbitmq", .port = 5672, .data = {"/var/lib/rabbitmq"}},
    {.name = "nats", .port = 4222, .data = {"/data"}},
    {.name = "kafka", .port = 9092},
    {.name = "cp-kafka", .port = 9092},
    {.name = "cp-server", .port = 9092},
    {.name = "zookeeper", .port = 2181, .data = {"/data", "/datalog"}},
    {.name = "cp-zookeeper", .port = 2181},
    {.name = "memcached", .port = 11211},
    {.name = "elasticsearch", .port = 9200, .is_http = true},
    {.name = "clickhouse-server",
     .port = 8123,
     .is_http = true,
     .data = {"/var/lib/clickhouse", "/var/log/clickhouse-server"}},
    {.name = "minio", .port = 9000, .is_http = true, .data = {"/data"}},
    {.name = "alertmanager", .port = 9093, .is_http = true},
    {.name = "nginx", .port = 80, .is_http = true},
    {.name = "httpd", .port = 80, .is_http = true},
    {.name = "caddy", .port = 80, .is_http = true, .data = {"/data", "/config"}},
};

const struct compose_image *compose_find_image(const struct compose_service *service)
{
    const struct node *node = compose_get(service->node, "image");
    struct str text = node ? compose_peek(service, node) : STR("");
    struct image_name image = image_name_split(text);
    struct str name = str_skip(image.repository, str_directory(image.repository).len);
    for (size_t i = 0; i < COUNT_OF(images); i++)
        if (str_eq_c(name, images[i].name))
            return &images[i];
    return NULL;
}

bool compose_is_data(const struct compose_service *service, struct str path)
{
    for (size_t i = 0; service->image && i < COUNT_OF(service->image->data); i++) {
        struct str data = str_from_c(service->image->data[i]);
        if (data.len &&
            (str_equal(path, data) || str_is_below(path, data) || str_is_below(data, path)))
            return true;
    }
    return false;
}
