/* The name of a container image. */
#ifndef OPTASVC_IMAGE_REF_H
#define OPTASVC_IMAGE_REF_H

#include "base/str.h"

/* REPOSITORY[:TAG][@DIGEST]; what is not written is empty. */
struct image_name {
    struct str repository;
    struct str tag;
    struct str digest;
};

struct image_name image_name_split(struct str image);

#endif
