/* Whether the live claims of a StatefulSet stay what and where they are. */
#include "cluster/apply.h"

#include <inttypes.h>

/* The claims of a live StatefulSet, and where its containers mount them. */
struct live_claims {
    struct map templates; /* by name: a claim template */
    struct map mounts;    /* by name: the volumeMount, the first one of each */
    struct map paths;     /* by path: the volumeMount of a claim */
    struct str left_out;  /* "name: NAME, ..." of those that no entry has, neither by name nor by
                             path; empty: none */
};

static void read_mounts(struct arena *arena, struct live_claims *live, const struct node *container)
{
    const struct node *mount = node_first_child(node_at(container, "volumeMounts"));
    for (; mount; mount = mount->next) {
        struct str name = node_string(node_at(mount, "name"));
        if (!map_get(&live->templates, name))
            continue;
        map_add(arena, &live->mounts, name, mount);
        map_add(arena, &live->paths, node_string(node_at(mount, "mountPath")), mount);
    }
}

/* A claim is where the service's own container mounts it. Only if no container has the service's
 * name, as in a StatefulSet that others created, is it where any container mounts it. */
static struct live_claims read_live(struct arena *arena, const struct node *object,
                                    struct str service)
{
    struct live_claims live = {0};
    const struct node *claim = node_first_child(node_at(object, "spec volumeClaimTemplates"));
    for (; claim; claim = claim->next)
        map_add(arena, &live.templates, object_name(claim), claim);
    const struct node *first = node_first_child(node_at(object, "spec template spec containers"));
    const struct node *own = first;
    while (own && !str_equal(node_string(node_at(own, "name")), service))
        own = own->next;
    if (own)
        read_mounts(arena, &live, own);
    for (const struct node *each = own ? NULL : first; each; each = each->next)
        read_mounts(arena, &live, each);
    return live;
}

/* How to change an immutable field of a StatefulSet: its pods and claims are retained while it is
 * created again. */
static void hint_replace(struct apply *apply, const struct rollout *rollout, struct str first)
{
    struct str name = object_name(rollout->workload);
    struct str namespace = object_namespace(rollout->workload);
    diag_hint(&apply->cluster.diags,
              "%.*skubectl delete statefulset %.*s -n %.*s --cascade=orphan\n"
              "and apply again: pods and claims are retained meanwhile",
              STR_ARG(first), STR_ARG(name), STR_ARG(namespace));
}

/* A pod that runs takes no further volume, so the new StatefulSet waits until it is deleted. An
 * entry whose path was changed has another default name, and so a new, empty claim: the name of the
 * claim that it had keeps the data. */
static void hint_add(struct apply *apply, const struct rollout *rollout, struct str left_out)
{
    struct arena *arena = &apply->cluster.arena;
    struct str name = object_name(rollout->workload);
    struct str namespace = object_namespace(rollout->workload);
    struct str first = {0};
    if (left_out.len)
        first = str_format(arena,
                           "if the path of a claim was changed, add the name of that claim to "
                           "this entry: %.*s; to start with an empty one:\n",
                           STR_ARG(left_out));
    diag_hint(&apply->cluster.diags,
              "%.*skubectl delete statefulset %.*s -n %.*s --cascade=orphan\n"
              "and apply again; meanwhile delete the pods one after the other, which get the "
              "volume when they are created again:\nkubectl delete pod %.*s-0 -n %.*s",
              STR_ARG(first), STR_ARG(name), STR_ARG(namespace), STR_ARG(name), STR_ARG(namespace));
}

/* A command for each pod; of very many, the first ones show the pattern. */
static struct str grow_commands(struct arena *arena, const struct rollout *rollout,
                                struct str claim, struct str size)
{
    enum { SHOWN = 10 };
    int64_t pods = object_number(rollout->live, "spec replicas", 1);
    struct buf text = {0};
    buf_add(&text, STR("let each claim grow, if its storage class can (none can shrink):\n"));
    for (int64_t i = 0; i < pods && i < SHOWN; i++)
        buf_format(&text,
                   "kubectl patch pvc %.*s-%.*s-%" PRId64 " -n %.*s "
                   "-p '{\"spec\": {\"resources\": {\"requests\": {\"storage\": \"%.*s\"}}}}'\n",
                   STR_ARG(claim), STR_ARG(object_name(rollout->workload)), i,
                   STR_ARG(object_namespace(rollout->workload)), STR_ARG(size));
    if (pods > SHOWN)
        buf_format(&text, "and so on, %" PRId64 " in all\n", pods);
    return buf_take(arena, &text);
}

/* A path keeps the claim that is mounted there. Earlier releases named it by its index in the file:
 * storage-0, ... */
static bool check_name(struct apply *apply, const struct disk *disk, const struct node *mount)
{
    struct diags *diags = &apply->cluster.diags;
    struct str name = node_string(node_at(mount, "name"));
    if (str_equal(name, disk->name))
        return true;
    diag_error(diags, disk->at,
               "the claim mounted at \"%.*s\" is named \"%.*s\" in the cluster, not \"%.*s\"",
               STR_ARG(disk->path), STR_ARG(name), STR_ARG(disk->name));
    diag_hint(diags, "%s: name: %.*s",
              disk->is_named ? "write the name that it has" : "add its name to this entry",
              STR_ARG(name));
    return false;
}

/* A claim keeps the path where it is mounted. */
static void report_move(struct apply *apply, const struct rollout *rollout, const struct disk *disk,
                        const struct node *mount)
{
    struct diags *diags = &apply->cluster.diags;
    struct str path = node_string(node_at(mount, "mountPath"));
    diag_error(diags, disk->at,
               "the claim \"%.*s\" is mounted at \"%.*s\" in the cluster and cannot move to "
               "\"%.*s\"",
               STR_ARG(disk->name), STR_ARG(path), STR_ARG(disk->path));
    hint_replace(apply, rollout,
                 str_format(&apply->cluster.arena, "write path: %.*s; to move its data to %.*s:\n",
                            STR_ARG(path), STR_ARG(disk->path)));
}

static void check_size(struct apply *apply, const struct rollout *rollout, const struct disk *disk,
                       const struct node *claim, const struct node *live)
{
    const char *path = "spec resources requests storage";
    struct str size = node_string(node_at(claim, path));
    struct str before = node_string(node_at(live, path));
    if (str_equal(size, before))
        return;
    diag_error(&apply->cluster.diags, disk->at,
               "the size of the claim \"%.*s\" cannot be changed here: %.*s, not %.*s",
               STR_ARG(disk->name), STR_ARG(before), STR_ARG(size));
    hint_replace(apply, rollout, grow_commands(&apply->cluster.arena, rollout, disk->name, size));
}

/* `claim`: the template that is rendered for the disk. */
static void check_disk(struct apply *apply, const struct rollout *rollout,
                       const struct live_claims *live, const struct disk *disk,
                       const struct node *claim)
{
    const struct node *at_path = map_get(&live->paths, disk->path);
    const struct node *mount = map_get(&live->mounts, disk->name);
    const struct node *template = map_get(&live->templates, disk->name);
    if (at_path && !check_name(apply, disk, at_path))
        return;
    if (!at_path && mount) {
        report_move(apply, rollout, disk, mount);
    } else if (template) {
        check_size(apply, rollout, disk, claim, template);
    } else {
        diag_error(&apply->cluster.diags, disk->at,
                   "a StatefulSet takes no further claim: \"%.*s\" is new", STR_ARG(disk->name));
        hint_add(apply, rollout, live->left_out);
    }
}

/* Reports each live claim that no entry has, and notes its name. */
static void check_left_out(struct apply *apply, const struct rollout *rollout,
                           struct live_claims *live)
{
    struct arena *arena = &apply->cluster.arena;
    const struct service *service = rollout->deployed->service;
    struct map names = {0};
    struct map paths = {0};
    for (size_t i = 0; i < service->disk_count; i++) {
        map_add(arena, &names, service->disks[i].name, service);
        map_add(arena, &paths, service->disks[i].path, service);
    }
    struct buf left_out = {0};
    const struct node *claim =
        node_first_child(node_at(rollout->live, "spec volumeClaimTemplates"));
    for (; claim; claim = claim->next) {
        const struct node *mount = map_get(&live->mounts, object_name(claim));
        struct str path = node_string(node_at(mount, "mountPath"));
        if (map_get(&names, object_name(claim)) || (path.len && map_get(&paths, path)))
            continue;
        diag_error(&apply->cluster.diags, service->at,
                   "a StatefulSet keeps its claims: \"%.*s\" cannot be left out",
                   STR_ARG(object_name(claim)));
        hint_replace(apply, rollout, STR(""));
        buf_add_joined(&left_out, ", ",
                       str_format(arena, "name: %.*s", STR_ARG(object_name(claim))));
    }
    live->left_out = buf_take(arena, &left_out);
}

/* Without persistent_storage a Deployment takes the place of the StatefulSet. Its claims are
 * retained, but what the pods write from then on is lost with them. */
static void warn_unmounted(struct apply *apply, const struct rollout *rollout)
{
    struct arena *arena = &apply->cluster.arena;
    struct diags *diags = &apply->cluster.diags;
    struct str service = rollout->deployed->service->name;
    struct live_claims live = read_live(arena, rollout->old, service);
    const struct node *claim = node_first_child(node_at(rollout->old, "spec volumeClaimTemplates"));
    for (; claim; claim = claim->next) {
        const struct node *mount = map_get(&live.mounts, object_name(claim));
        if (!mount)
            continue;
        struct str path = node_string(node_at(mount, "mountPath"));
        diag_warning(diags, rollout->deployed->service->at,
                     "the claim \"%.*s\" is retained, but the pods no longer mount it at \"%.*s\"",
                     STR_ARG(object_name(claim)), STR_ARG(path));
        diag_hint(diags,
                  "to keep it mounted write its entry of persistent_storage again: {name: %.*s, "
                  "size: ..., path: %.*s}",
                  STR_ARG(object_name(claim)), STR_ARG(path));
    }
}

/* `render` cannot know what is live: the same errors come from the server there, which refuses
 * every change of the templates. */
static void check_stateful_set(struct apply *apply, const struct rollout *rollout)
{
    const struct service *service = rollout->deployed->service;
    if (rollout->old && service->disk_count == 0)
        warn_unmounted(apply, rollout);
    if (!rollout->live || !kind_is_stateful(rollout->workload))
        return;
    struct live_claims live = read_live(&apply->cluster.arena, rollout->live, service->name);
    check_left_out(apply, rollout, &live);
    const struct node *claim =
        node_first_child(node_at(rollout->workload, "spec volumeClaimTemplates"));
    for (size_t i = 0; i < service->disk_count && claim; i++, claim = claim->next)
        check_disk(apply, rollout, &live, &service->disks[i], claim);
}

void apply_check_claims(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++)
        check_stateful_set(apply, &apply->rollouts[i]);
    apply_check_retained(apply);
}
