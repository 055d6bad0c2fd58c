/* Checks that the live claims of a StatefulSet keep their names, paths and sizes. */
#include "cluster/apply.h"

#include <inttypes.h>

/* The claims of a live StatefulSet, and where its containers mount them. */
struct live_claims {
    struct map templates; /* claim templates by name */
    struct map mounts;    /* the first volumeMount of each claim by name */
    struct map paths;     /* volumeMounts of claims by path */
    struct str omitted;   /* "name: NAME, ..." of the claims that no entry of persistent_storage has
                              by name or path; empty: none */
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

/* The path of a claim is where the container with the service's name mounts it; if there is none,
 * as in a StatefulSet that others created, where any container mounts it. */
static struct live_claims read_live(struct arena *arena, const struct node *object,
                                    struct str service)
{
    struct live_claims live = {0};
    const struct node *claim = node_first_child(node_at(object, "spec volumeClaimTemplates"));
    for (; claim; claim = claim->next)
        map_add(arena, &live.templates, object_name(claim), claim);
    const struct node *containers = node_at(object, "spec template spec containers");
    const struct node *own = node_find_named(containers, service);
    if (own)
        read_mounts(arena, &live, own);
    for (const struct node *each = own ? NULL : node_first_child(containers); each;
         each = each->next)
        read_mounts(arena, &live, each);
    return live;
}

/* Hints how to change an immutable field: recreate the StatefulSet, and retain its pods and
 * claims. */
static void hint_replace(struct apply *apply, const struct rollout *rollout, struct str first)
{
    struct str name = object_name(rollout->workload);
    struct str namespace = object_namespace(rollout->workload);
    diag_hint(&apply->cluster.diags,
              "%.*skubectl delete statefulset %.*s -n %.*s --cascade=orphan\n"
              "and apply again; pods and claims are retained",
              STR_ARG(first), STR_ARG(name), STR_ARG(namespace));
}

/* A running pod gets no further volume, so the new StatefulSet waits until the pod is deleted. An
 * entry whose path was changed has another default name, and so a new, empty claim; the name of its
 * earlier claim keeps the data. */
static void hint_add(struct apply *apply, const struct rollout *rollout, struct str omitted)
{
    struct arena *arena = &apply->cluster.arena;
    struct str name = object_name(rollout->workload);
    struct str namespace = object_namespace(rollout->workload);
    struct str first = {0};
    if (omitted.len)
        first = str_format(arena,
                           "if you changed the path of a claim, add the name of that claim to "
                           "this entry: %.*s; to create an empty one:\n",
                           STR_ARG(omitted));
    diag_hint(&apply->cluster.diags,
              "%.*skubectl delete statefulset %.*s -n %.*s --cascade=orphan\n"
              "and apply again; while it waits, delete the pods one by one, because only a new pod "
              "gets the volume:\nkubectl delete pod %.*s-0 -n %.*s",
              STR_ARG(first), STR_ARG(name), STR_ARG(namespace), STR_ARG(name), STR_ARG(namespace));
}

/* Returns a command for each pod, but only for the first ones if there are many. */
static struct str grow_commands(struct arena *arena, const struct rollout *rollout,
                                struct str claim, struct str size)
{
    enum { SHOWN = 10 };
    int64_t pods = object_number(rollout->live, "spec replicas", 1);
    struct buf text = {0};
    buf_add(&text,
            STR("expand each claim, if its storage class allows it (claims cannot shrink):\n"));
    for (int64_t i = 0; i < pods && i < SHOWN; i++)
        buf_format(&text,
                   "kubectl patch pvc %.*s-%.*s-%" PRId64 " -n %.*s "
                   "-p '{\"spec\": {\"resources\": {\"requests\": {\"storage\": \"%.*s\"}}}}'\n",
                   STR_ARG(claim), STR_ARG(object_name(rollout->workload)), i,
                   STR_ARG(object_namespace(rollout->workload)), STR_ARG(size));
    if (pods > SHOWN)
        buf_format(&text, "and so on, %" PRId64 " in total\n", pods);
    return buf_take(arena, &text);
}

/* A path must keep its claim. Earlier releases named claims by their index in the file: storage-0,
 * ... */
static bool check_name(struct apply *apply, const struct disk *disk, const struct node *mount)
{
    struct diags *diags = &apply->cluster.diags;
    struct str name = node_string(node_at(mount, "name"));
    if (str_equal(name, disk->name))
        return true;
    diag_error(diags, disk->at, RULE_CLAIM_MISMATCH,
               "claim mounted at \"%.*s\" is named \"%.*s\" in the cluster, not \"%.*s\"",
               STR_ARG(disk->path), STR_ARG(name), STR_ARG(disk->name));
    diag_hint(diags, "%s: name: %.*s",
              disk->is_named ? "use its existing name" : "add its name to this entry",
              STR_ARG(name));
    return false;
}

/* A claim must keep its path. */
static void report_move(struct apply *apply, const struct rollout *rollout, const struct disk *disk,
                        const struct node *mount)
{
    struct diags *diags = &apply->cluster.diags;
    struct str path = node_string(node_at(mount, "mountPath"));
    diag_error(diags, disk->at, RULE_CLAIM_MISMATCH,
               "claim \"%.*s\" is mounted at \"%.*s\" in the cluster and cannot move to "
               "\"%.*s\"",
               STR_ARG(disk->name), STR_ARG(path), STR_ARG(disk->path));
    hint_replace(apply, rollout,
                 str_format(&apply->cluster.arena,
                            "use path: %.*s; or, to mount the claim at %.*s:\n", STR_ARG(path),
                            STR_ARG(disk->path)));
}

static void check_size(struct apply *apply, const struct rollout *rollout, const struct disk *disk,
                       const struct node *claim, const struct node *live)
{
    const char *path = "spec resources requests storage";
    struct str size = node_string(node_at(claim, path));
    struct str before = node_string(node_at(live, path));
    if (str_equal(size, before))
        return;
    diag_error(&apply->cluster.diags, disk->at, RULE_CLAIM_MISMATCH,
               "cannot change the size of claim \"%.*s\" of a StatefulSet from %.*s to %.*s",
               STR_ARG(disk->name), STR_ARG(before), STR_ARG(size));
    hint_replace(apply, rollout, grow_commands(&apply->cluster.arena, rollout, disk->name, size));
}

/* Reports a changed field of a claim template. `what`: the field; empty values mean the default. */
static void check_template_field(struct apply *apply, const struct rollout *rollout,
                                 const struct disk *disk, const char *what, struct str before,
                                 struct str now)
{
    const struct str fallback = STR("the cluster's default");
    if (str_equal(before, now))
        return;
    diag_error(&apply->cluster.diags, disk->at, RULE_CLAIM_MISMATCH,
               "cannot change the %s of claim \"%.*s\" of a StatefulSet from %.*s to %.*s", what,
               STR_ARG(disk->name), STR_ARG(before.len ? before : fallback),
               STR_ARG(now.len ? now : fallback));
    hint_replace(
        apply, rollout,
        STR("restore it; or, for the claims of new pods (existing claims keep theirs):\n"));
}

static void check_template(struct apply *apply, const struct rollout *rollout,
                           const struct disk *disk, const struct node *claim,
                           const struct node *live)
{
    const struct node *mode = node_first_child(node_at(live, "spec accessModes"));
    check_template_field(apply, rollout, disk, "storage class",
                         node_string(node_at(live, "spec storageClassName")),
                         node_string(node_at(claim, "spec storageClassName")));
    check_template_field(apply, rollout, disk, "access mode", node_string(mode), disk->access_mode);
}

/* `claim`: the rendered template of the disk. */
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
        check_template(apply, rollout, disk, claim, template);
    } else {
        diag_error(&apply->cluster.diags, disk->at, RULE_CLAIM_MISMATCH,
                   "cannot add claim \"%.*s\" to an existing StatefulSet", STR_ARG(disk->name));
        hint_add(apply, rollout, live->omitted);
    }
}

/* Reports each live claim that no entry of persistent_storage has, and notes its name. */
static void check_omitted(struct apply *apply, const struct rollout *rollout,
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
    struct buf omitted = {0};
    const struct node *claim =
        node_first_child(node_at(rollout->live, "spec volumeClaimTemplates"));
    for (; claim; claim = claim->next) {
        const struct node *mount = map_get(&live->mounts, object_name(claim));
        struct str path = node_string(node_at(mount, "mountPath"));
        if (map_get(&names, object_name(claim)) || (path.len && map_get(&paths, path)))
            continue;
        diag_error(&apply->cluster.diags, service->at, RULE_CLAIM_MISMATCH,
                   "cannot remove claim \"%.*s\" from an existing StatefulSet",
                   STR_ARG(object_name(claim)));
        hint_replace(apply, rollout, STR(""));
        buf_add_joined(&omitted, ", ",
                       str_format(arena, "name: %.*s", STR_ARG(object_name(claim))));
    }
    live->omitted = buf_take(arena, &omitted);
}

/* Without persistent_storage a Deployment replaces the StatefulSet. Its claims are retained, but
 * the new pods do not use them, and their data is lost when they end. */
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
        diag_warning(diags, rollout->deployed->service->at, RULE_CLAIM_UNUSED,
                     "claim \"%.*s\" is retained, but the pods no longer mount it at \"%.*s\"",
                     STR_ARG(object_name(claim)), STR_ARG(path));
        diag_hint(diags,
                  "to keep it mounted, restore its entry in persistent_storage: {name: %.*s, "
                  "size: ..., path: %.*s}",
                  STR_ARG(object_name(claim)), STR_ARG(path));
    }
}

/* `render` does not read the cluster; there the server reports these errors, because it rejects
 * every change of the templates. */
static void check_stateful_set(struct apply *apply, const struct rollout *rollout)
{
    const struct service *service = rollout->deployed->service;
    if (rollout->old && service->disk_count == 0)
        warn_unmounted(apply, rollout);
    if (!rollout->live || !kind_is_stateful(rollout->workload))
        return;
    struct live_claims live = read_live(&apply->cluster.arena, rollout->live, service->name);
    check_omitted(apply, rollout, &live);
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
