#include "format/image_ref.h"

struct image_name image_name_split(struct str image)
{
    size_t digest = str_find(image, 0, '@');
    struct str name = str_slice(image, 0, digest);
    size_t last = name.len; /* start of the last path component */
    while (last > 0 && name.data[last - 1] != '/')
        last--;
    size_t colon = str_find(name, last, ':');
    return (struct image_name){.repository = str_slice(name, 0, colon),
                               .tag = str_skip(name, colon + 1),
                               .digest = str_skip(image, digest + 1),
                               .has_tag = colon < name.len,
                               .has_digest = digest < image.len};
}
