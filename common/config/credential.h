/* Recognizes credentials among the values of variables and other strings. */
#ifndef OPTASVC_CREDENTIAL_H
#define OPTASVC_CREDENTIAL_H

#include "base/str.h"

/* True if the value of a variable of this name is probably a credential: DB_PASSWORD, API_KEY. */
bool credential_has_name(struct arena *arena, struct str name);

/* True for the values of switches, such as ALLOW_EMPTY_PASSWORD: "yes". */
bool credential_is_switch(struct str value);

/* Returns the password of a URL, scheme://user:password@host; empty if there is none. */
struct str credential_url_password(struct str value);

/* True if a URL in the text has a password that is not a reference, for a shell also $NAME. */
bool credential_has_url_password(struct str text);

/* True if the value refers to a credential or is where it is found, but does not contain it:
 * $(NAME), ${NAME}, {NAME}, <NAME>, a path, a URL, an ARN. */
bool credential_is_reference(struct str value);

/* True for a value that only a credential has: a private key, a JSON Web Token, or the prefix of
 * the tokens of a well-known service. */
bool credential_has_form(struct str value);

/* Returns why a value is probably a credential, as a sentence; NULL if it is not. `name`: of its
 * variable; empty: it has none. */
const char *credential_reason(struct arena *arena, struct str name, struct str value);

#endif
