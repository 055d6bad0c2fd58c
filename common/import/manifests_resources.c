/* Requests and limits. */
#include "format/quantity.h"
#include "import/manifests_reader.h"

enum {
    THOUSAND = 1000,
    MEBIBYTE = 1 << 20,
    CPU_DEFAULT = 100, /* millicores */
    MEMORY_DEFAULT = 128,
    MEMORY_MIN = 4, /* MB */
    LIMIT_FACTOR = 2
};

/* Returns a quantity in thousandths; 0 if it is not set or invalid. */
static int64_t thousandths(const struct node *container, const char *path)
{
    int64_t number;
    return quantity_parse(given_text(container, path), &number) ? number : 0;
}

static int64_t bytes(const struct node *container, const char *path)
{
    int64_t number = thousandths(container, path);
    return number / THOUSAND + (number % THOUSAND != 0);
}

/* Without a request, Kubernetes requests the limit. */
static int64_t request(int64_t written, int64_t limit)
{
    return written ? written : limit;
}

struct given_resources given_resources(const struct node *container)
{
    struct given_resources made = {
        .cpu_limit = thousandths(container, "resources limits cpu"),
        .memory_limit = bytes(container, "resources limits memory"),
        .disk_limit = bytes(container, "resources limits ephemeral-storage"),
    };
    made.cpu = request(thousandths(container, "resources requests cpu"), made.cpu_limit);
    made.memory = request(bytes(container, "resources requests memory"), made.memory_limit);
    made.disk = bytes(container, "resources requests ephemeral-storage");
    given_int(container, "resources limits nvidia.com/gpu", &made.gpus);
    return made;
}

struct given_resources given_default_resources(void)
{
    return (struct given_resources){.cpu = CPU_DEFAULT,
                                    .cpu_limit = CPU_DEFAULT * LIMIT_FACTOR,
                                    .memory = (int64_t)MEMORY_DEFAULT * MEBIBYTE,
                                    .memory_limit =
                                        (int64_t)MEMORY_DEFAULT * LIMIT_FACTOR * MEBIBYTE};
}

/* Returns the limit that a request has by default; the largest number if it is beyond it. */
static int64_t default_limit(int64_t request)
{
    int64_t limit;
    return __builtin_mul_overflow(request, LIMIT_FACTOR, &limit) ? INT64_MAX : limit;
}

static int64_t at_least(int64_t number, int64_t minimum)
{
    return number < minimum ? minimum : number;
}

/* Memory always has a limit in a service file; what is not requested has the default. */
struct given_resources given_service_resources(const struct node *container)
{
    struct given_resources made = given_resources(container);
    const struct given_resources defaults = given_default_resources();
    made.cpu = made.cpu ? made.cpu : defaults.cpu;
    made.memory = made.memory ? made.memory : defaults.memory;
    made.memory = at_least(made.memory, (int64_t)MEMORY_MIN * MEBIBYTE);
    made.memory_limit =
        made.memory_limit ? at_least(made.memory_limit, made.memory) : default_limit(made.memory);
    return made;
}

/* Returns the location of a quantity; that of the container if it is not set. */
static struct location place(const struct node *container, const char *path)
{
    const struct node *node = node_at(container, path);
    return node ? node->span : container->span;
}

/* In MB if possible without a fraction, from 1Gi on with a suffix. */
static void set_bytes(const struct given_app *app, struct node *map, enum field_id field,
                      int64_t number, struct location at)
{
    enum { MEGABYTES_MAX = 1024 };
    int64_t megabytes = number / MEBIBYTE;
    if (number % MEBIBYTE == 0 && (megabytes < MEGABYTES_MAX || megabytes % MEGABYTES_MAX))
        import_int(app->import, map, field, megabytes, at);
    else
        import_string(app->import, map, field, quantity_bytes(app->arena, number), at);
}

/* Without a suffix, a very small number looks like one of cores. */
static void set_cpu(const struct given_app *app, struct node *map, enum field_id field,
                    int64_t millicores, struct location at)
{
    enum { PLAIN_MIN = 10 };
    if (millicores < PLAIN_MIN)
        import_string(app->import, map, field, quantity_cpu(app->arena, millicores), at);
    else
        import_int(app->import, map, field, millicores, at);
}

static void set_limit(const struct given_app *app, struct node *map, enum field_id field,
                      int64_t limit, struct location at)
{
    if (limit == 0)
        import_string(app->import, map, field, STR("none"), at);
    else if (field == LIMITS_CPU)
        set_cpu(app, map, field, limit, at);
    else
        set_bytes(app, map, field, limit, at);
}

void given_write_own_resources(const struct given_app *app, struct node *map,
                               const struct node *container, struct given_resources base,
                               enum field_id request_field, enum field_id limit_field)
{
    const struct given_resources wanted = given_service_resources(container);
    const struct given_resources given = given_resources(container);
    const struct {
        enum field_id request_field;
        enum field_id limit_field;
        int64_t request;
        int64_t limit;
        int64_t base_request;
        int64_t base_limit;
        const char *request_path;
        const char *limit_path;
    } rows[] = {
        {RESOURCES_CPU, LIMITS_CPU, wanted.cpu, wanted.cpu_limit, base.cpu, base.cpu_limit,
         "resources requests cpu", "resources limits cpu"},
        {RESOURCES_MEMORY, LIMITS_MEMORY, wanted.memory, wanted.memory_limit, base.memory,
         base.memory_limit, "resources requests memory", "resources limits memory"},
        {RESOURCES_DISK, LIMITS_DISK, wanted.disk, wanted.disk_limit, base.disk, base.disk_limit,
         "resources requests ephemeral-storage", "resources limits ephemeral-storage"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct location at = place(container, rows[i].request_path);
        struct location limit_at = place(container, rows[i].limit_path);
        bool requested = rows[i].request != rows[i].base_request && rows[i].request > 0;
        int64_t standard = requested ? default_limit(rows[i].request) : rows[i].base_limit;
        struct node *requests = requested ? import_map(app->import, map, request_field, at) : NULL;
        if (requested && rows[i].request_field == RESOURCES_CPU)
            set_cpu(app, requests, rows[i].request_field, rows[i].request, at);
        else if (requested)
            set_bytes(app, requests, rows[i].request_field, rows[i].request, at);
        if (rows[i].limit != standard &&
            (rows[i].limit || rows[i].limit_field != LIMITS_DISK || requested))
            set_limit(app, import_map(app->import, map, limit_field, limit_at), rows[i].limit_field,
                      rows[i].limit, limit_at);
    }
    if (given.gpus > 0)
        import_int(app->import, import_map(app->import, map, limit_field, container->span),
                   LIMITS_GPU, given.gpus, place(container, "resources limits nvidia.com/gpu"));
}

void given_write_resources(const struct given_app *app, struct node *map,
                           const struct node *container)
{
    given_write_own_resources(app, map, container, given_default_resources(),
                              SERVICE_RESOURCE_REQUEST, SERVICE_RESOURCE_LIMITS);
}
