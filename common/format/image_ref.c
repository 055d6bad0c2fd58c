#include "format/image_ref.h"

struct image_name image_name_split(struct str image)
{
    size_t digest = str_find(image, 0, '@');
    struct str name = str_slice(image, 0, digest);
    size_t colon = name.len;
    while (colon > 0 && name.data[colon - 1] != '/' && name.data[colon - 1] != ':')
        colon--;
    bool tagged = colon > 0 && name.data[colon - 1] == ':'; /* before a slash it is a port's */
    return (struct image_name){tagged ? str_slice(name, 0, colon - 1) : name,
                               tagged ? str_from(name, colon) : (struct str){0},
                               str_from(image, digest + 1)};
}
