/* Public images of which Compose files leave out the port. */
#include "format/image_ref.h"
#include "import/compose_reader.h"

static const struct compose_image images[] = {
    {"postgres", 5432, false},     {"postgis", 5432, false},     {"timescaledb", 5432, false},
    {"pgvector", 5432, false},     {"postgresql", 5432, false},  {"mysql", 3306, false},
    {"mariadb", 3306, false},      {"redis", 6379, false},       {"valkey", 6379, false},
    {"mongo", 27017, false},       {"mongodb", 27017, false},    {"cassandra", 9042, false},
    {"rabbitmq", 5672, false},     {"nats", 4222, false},        {"kafka", 9092, false},
    {"cp-kafka", 9092, false},     {"cp-server", 9092, false},   {"zookeeper", 2181, false},
    {"cp-zookeeper", 2181, false}, {"memcached", 11211, false},  {"elasticsearch", 9200, true},
    {"minio", 9000, true},         {"alertmanager", 9093, true}, {"nginx", 80, true},
    {"httpd", 80, true},           {"caddy", 80, true},
};

const struct compose_image *compose_find_image(const struct compose_service *service)
{
    const struct node *node = compose_get(service->node, "image");
    struct str repository =
        image_name_split(node ? compose_peek(service, node) : STR("")).repository;
    struct str name = str_skip(repository, str_directory(repository).len);
    for (size_t i = 0; i < COUNT_OF(images); i++)
        if (str_eq_c(name, images[i].name))
            return &images[i];
    return NULL;
}
