/* URLs of databases.  Pure. */
#include "strack/database.h"

#include <stdlib.h>
#include <string.h>

#include "strack/text.h"

void database_init(struct database *d)
{
	*d = (struct database){ .kind = DATABASE_POSTGRESQL };
}

void database_release(struct database *d)
{
	free(d->shown);
	free(d->target);
	free(d->host);
	free(d->port);
	free(d->user);
	free(d->socket);
	free(d->password);
	database_init(d);
}

const char *database_client(enum database_kind kind)
{
	switch (kind) {
	case DATABASE_POSTGRESQL:
		return "psql";
	case DATABASE_SQLITE:
		return "sqlite3";
	case DATABASE_MARIADB:
		return "mariadb";
	}
	return "";
}

/* ---- parts ---- */

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *p = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return c && p ? (int)(p - digits) : -1;
}

/* %XX as in URLs; NULL for what is none, and for a NUL or a line's end. */
static char *decode(const char *s, size_t n)
{
	struct buf b = BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			int high = i + 2 < n ? hex_digit(s[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(s[i + 2]) : -1;

			if (low < 0)
				goto bad;
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (!c || c == '\n' || c == '\r')
			goto bad;
		buf_addch(&b, c);
	}
	return buf_detach(&b);
bad:
	buf_release(&b);
	return NULL;
}

/* Decodes into *place; nothing at all stays NULL. */
static bool take(char **place, const char *s, size_t n)
{
	if (!n)
		return true;
	free(*place);
	*place = decode(s, n);
	return *place != NULL;
}

struct url {
	const char *rest; /* behind the scheme */
	size_t authority; /* bytes of it, or 0 */
	size_t userinfo;  /* of these, up to the @, or 0 */
	const char *path; /* behind the authority and its slash */
	size_t path_len;
	const char *query; /* behind the ?, or NULL */
};

static void split(const char *rest, struct url *u)
{
	const char *at = NULL;
	size_t n = strcspn(rest, "/?");

	*u = (struct url){ .rest = rest, .authority = n };
	for (size_t i = 0; i < n; i++) /* the last one */
		if (rest[i] == '@')
			at = rest + i;
	u->userinfo = at ? (size_t)(at - rest) : 0;
	u->path = rest + n + (rest[n] == '/');
	u->path_len = strcspn(u->path, "?");
	if (u->path[u->path_len] == '?')
		u->query = u->path + u->path_len + 1;
}

/* `USER:PASSWORD`; true also where there is none. */
static bool take_userinfo(const struct url *u, struct database *d)
{
	const char *colon = memchr(u->rest, ':', u->userinfo);
	size_t user = colon ? (size_t)(colon - u->rest) : u->userinfo;

	return take(&d->user, u->rest, user) &&
	       (!colon ||
		       take(&d->password, colon + 1, u->userinfo - user - 1));
}

/* ---- kinds ---- */

static enum err malformed(struct error *err)
{
	return error_set(err, ERR_BAD,
		"is no URL of a database (a user's or password's @ : / ? %% # "
		"are written as %%40 and so on)");
}

/* What stands in a password as it is, and must not, splits the URL elsewhere:
 * then there is an @ where no host follows. */
static bool is_split_wrong(const struct url *u)
{
	return memchr(u->path, '@', u->path_len) ||
	       (u->query && strchr(u->query, '@'));
}

/* HOST[:PORT][,HOST[:PORT]...], a host may be [an address]. */
static bool ports_valid(const char *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (hosts[i] == '[')
			while (i < n && hosts[i] != ']')
				i++;
		if (i < n && hosts[i] == ':')
			for (i++; i < n && hosts[i] != ','; i++)
				if (hosts[i] < '0' || hosts[i] > '9')
					return false;
	}
	return true;
}

/* A parameter that is a password, in whatever letters, has to be told from the
 * others: escapes in a name are refused. */
static enum err take_parameter(const char *p, size_t n, struct database *d,
	bool *taken, struct error *err)
{
	size_t name = strcspn(p, "=&");

	*taken = false;
	if (name > n || memchr(p, '%', name))
		return malformed(err);
	if (str_starts(p, "sslpassword="))
		return error_set(err, ERR_BAD,
			"has the parameter 'sslpassword', which would stand in "
			"a list of processes; use a key without one");
	*taken = str_starts(p, "password=");
	return *taken && !take(&d->password, p + 9, n - 9) ? malformed(err)
							   : ERR_OK;
}

/* `scheme` USER@ and the rest, but for `password=` among the parameters. */
static enum err parse_postgresql(const char *scheme, const struct url *u,
	struct database *d, struct error *err)
{
	struct buf shown = BUF_INIT;
	const char *host = u->rest + u->userinfo + (u->userinfo > 0);
	const char *colon = memchr(u->rest, ':', u->userinfo);
	size_t user = colon ? (size_t)(colon - u->rest) : u->userinfo;
	const char *sep = "?", *p = u->query;

	size_t hosts = u->authority - (size_t)(host - u->rest);
	bool taken = false;
	enum err rc = ERR_OK;

	if (is_split_wrong(u) || !ports_valid(host, hosts) ||
		!take_userinfo(u, d))
		return malformed(err);
	buf_adds(&shown, scheme);
	if (user)
		buf_addf(&shown, "%.*s@", (int)user, u->rest);
	buf_add(&shown, host, (size_t)(u->path + u->path_len - host));
	for (size_t n; !rc && p && *p; p += n + (p[n] == '&')) {
		n = strcspn(p, "&");
		rc = take_parameter(p, n, d, &taken, err);
		if (rc || taken)
			continue;
		buf_addf(&shown, "%s%.*s", sep, (int)n, p);
		sep = "&";
	}
	d->target = xstrdup(shown.ptr);
	d->shown = buf_detach(&shown);
	return rc;
}

static enum err parse_parameters(
	const char *query, struct database *d, struct error *err)
{
	for (size_t n; query && *query; query += n + (query[n] == '&')) {
		n = strcspn(query, "&");
		if (!str_starts(query, "socket="))
			return error_set(err, ERR_BAD,
				"has the parameter '%.*s'; for MariaDB there "
				"is only socket",
				(int)strcspn(query, "=&"), query);
		if (!take(&d->socket, query + 7, n - 7))
			return malformed(err);
	}
	return ERR_OK;
}

static enum err parse_mariadb(const char *scheme, const struct url *u,
	struct database *d, struct error *err)
{
	const char *host = u->rest + u->userinfo + (u->userinfo > 0);
	size_t len = u->authority - (size_t)(host - u->rest);
	const char *colon = memchr(host, ':', len);
	size_t name = colon ? (size_t)(colon - host) : len;
	struct buf shown = BUF_INIT;
	enum err rc;

	if (is_split_wrong(u))
		return malformed(err);
	rc = parse_parameters(u->query, d, err);
	if (rc)
		return rc;
	if (!take_userinfo(u, d) || !take(&d->host, host, name) ||
		(colon && !take(&d->port, colon + 1, len - name - 1)) ||
		!take(&d->target, u->path, u->path_len))
		return malformed(err);
	if (d->port && d->port[strspn(d->port, "0123456789")])
		return malformed(err);
	if (!d->target || strchr(d->target, '/'))
		return error_set(err, ERR_BAD,
			"does not end in the name of a database, "
			"mysql://HOST/NAME");
	buf_addf(&shown, "%s%s%s%.*s/%.*s%s%s", scheme, d->user ? d->user : "",
		d->user ? "@" : "", (int)len, host, (int)u->path_len, u->path,
		u->query ? "?" : "", u->query ? u->query : "");
	d->shown = buf_detach(&shown);
	return ERR_OK;
}

static enum err parse_sqlite(
	const char *rest, struct database *d, struct error *err)
{
	if (str_starts(rest, "//"))
		rest += 2;
	if (strchr(rest, '?'))
		return error_set(
			err, ERR_BAD, "has parameters; sqlite:PATH takes none");
	if (!*rest || !strcmp(rest, ":memory:"))
		return error_set(
			err, ERR_BAD, "names no file; sqlite:PATH does");
	if (!take(&d->target, rest, strlen(rest)))
		return malformed(err);
	d->shown = xstrfmt("sqlite:%s", rest);
	return ERR_OK;
}

static const struct scheme {
	const char *text;
	enum database_kind kind;
} schemes[] = {
	{ "postgres://", DATABASE_POSTGRESQL },
	{ "postgresql://", DATABASE_POSTGRESQL },
	{ "mysql://", DATABASE_MARIADB },
	{ "mariadb://", DATABASE_MARIADB },
	{ "sqlite:", DATABASE_SQLITE },
	{ "sqlite3:", DATABASE_SQLITE },
};

static enum err parse_as(const struct scheme *s, const char *rest,
	struct database *d, struct error *err)
{
	struct url u;

	d->kind = s->kind;
	split(rest, &u);
	switch (s->kind) {
	case DATABASE_POSTGRESQL:
		return parse_postgresql(s->text, &u, d, err);
	case DATABASE_MARIADB:
		return parse_mariadb(s->text, &u, d, err);
	case DATABASE_SQLITE:
		return parse_sqlite(rest, d, err);
	}
	return malformed(err);
}

enum err database_parse(
	const char *url, struct database *ret, struct error *err)
{
	struct database d;
	enum err rc = ERR_OK;
	size_t i = 0;

	database_init(&d);
	while (i < ARRAY_SIZE(schemes) && !str_starts(url, schemes[i].text))
		i++;
	if (i == ARRAY_SIZE(schemes) || strpbrk(url, " \t\n\r"))
		rc = error_set(err, ERR_BAD,
			"is no URL of a database that is known; try "
			"postgres://HOST/NAME, mysql://HOST/NAME or "
			"sqlite:PATH");
	else
		rc = parse_as(
			&schemes[i], url + strlen(schemes[i].text), &d, err);
	if (!rc) {
		database_release(ret);
		*ret = d;
		database_init(&d); /* transferred */
	}
	database_release(&d);
	return rc;
}
