/*
 * Opens, step by step, what a command works with.  Keys and founding are
 * sessionkeys.c.
 */
#include "strack/session.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "strack/clock.h"
#include "strack/digest.h"
#include "strack/file.h"
#include "strack/refs.h"
#include "strack/rundir.h"
#include "strack/text.h"

#define CLONE_CONFIG "strack.clone"

void session_init(struct session *s, int color)
{
	*s = (struct session){ .color = color };
	out_init(&s->out, stdout, color);
	out_init(&s->msg, stderr, color);
	settings_init(&s->settings);
}

void session_release(struct session *s)
{
	ledger_close(s->ledger);
	signer_free(s->clone_signer);
	signer_free(s->person_signer);
	settings_release(&s->settings);
	free(s->config_blob);
	free(s->env);
	free(s->clone);
	free(s->state_dir);
	free(s->user);
	free(s->host);
	free(s->remote);
	free(s->unasked);
	free(s->shared_by);
	repo_free(s->repo);
	s->ledger = NULL;
	s->repo = NULL;
}

/* color.ui as git reads it, where no flag said anything. */
static void apply_color_config(struct session *s)
{
	const char *ui = repo_config(s->repo, "color.ui");

	if (s->color >= 0 || !ui)
		return;
	if (!strcmp(ui, "always"))
		s->color = 1;
	else if (!strcmp(ui, "never") || !strcmp(ui, "false") ||
		 !strcmp(ui, "0") || !strcmp(ui, "no") || !strcmp(ui, "off"))
		s->color = 0;
	if (s->color < 0)
		return;
	out_init(&s->out, stdout, s->color);
	out_init(&s->msg, stderr, s->color);
}

static void who_and_where(struct session *s)
{
	const struct passwd *pw = getpwuid(geteuid());
	struct utsname u;

	s->user = pw ? xstrdup(pw->pw_name)
		     : xstrfmt("uid-%lu", (unsigned long)geteuid());
	s->host = xstrdup(
		uname(&u) == 0 && u.nodename[0] ? u.nodename : "unknown");
}

enum err session_open_repo(struct session *s, struct error *err)
{
	enum err rc = sign_init(err);

	if (!rc)
		rc = repo_open(&s->repo, err);
	if (!rc)
		apply_color_config(s);
	return rc;
}

enum err session_open(
	struct session *s, const char *env_flag, struct error *err)
{
	const char *clone;
	enum err rc;

	rc = session_open_repo(s, err);
	if (rc)
		return rc;
	s->state_dir = path_join(repo_common_dir(s->repo), "strack");
	clone = repo_config(s->repo, CLONE_CONFIG);
	if (clone)
		s->clone = xstrdup(clone);
	who_and_where(s);
	session_know_remote(s);
	rc = session_network(s, err);
	if (!rc)
		rc = settings_load(&s->settings, s->repo, NULL, err);
	if (!rc)
		rc = settings_environment(
			s->repo, env_flag, &s->env, &s->env_chosen, err);
	return rc;
}

static enum err choose_clone_id(struct session *s, struct error *err)
{
	unsigned char r[10];
	struct buf hex = BUF_INIT;
	enum err rc = random_bytes(r, sizeof(r), err);

	if (rc)
		return rc;
	hex_encode(&hex, r, sizeof(r));
	rc = repo_config_set(s->repo, CLONE_CONFIG, hex.ptr, err);
	if (rc)
		buf_release(&hex);
	else
		s->clone = buf_detach(&hex);
	return rc;
}

enum err session_prepare_state(struct session *s, struct error *err)
{
	static const char *const subdirs[] = { "journal", "locks", "runs",
		"logs", "cache" };
	unsigned file, dir;
	enum err rc;

	repo_state_modes(s->repo, &file, &dir);
	rc = dir_secure(s->state_dir, dir, err);
	for (size_t i = 0; !rc && i < ARRAY_SIZE(subdirs); i++) {
		char *path = path_join(s->state_dir, subdirs[i]);

		rc = dir_secure(path, dir, err);
		free(path);
	}
	if (rc) {
		if (err && !err->hint.len)
			error_hint(err, "git-strack keeps its state there: it "
					"has to be yours, and writable");
		return ERR_FATAL; /* nothing of it may read as "no ledger" */
	}
	return s->clone ? ERR_OK : choose_clone_id(s, err);
}

/* ---- ledger ---- */

static void verify_progress(size_t done, size_t total, void *arg)
{
	struct session *s = arg;

	if (!s->msg.tty || total < 2000)
		return;
	out_printf(&s->msg, "\rverifying the ledger: %zu of %zu commits", done,
		total);
	if (total - done < 256)
		out_printf(&s->msg, "\r\033[K");
	fflush(s->msg.f);
}

static struct ledger_opts ledger_options(struct session *s)
{
	return (struct ledger_opts){
		.repo = s->repo,
		.state_dir = s->state_dir,
		.expect_id = s->settings.ledger_id,
		.expect_root = s->settings.ledger_root,
		.sign_program = repo_config(s->repo, "gpg.ssh.program"),
		.clone = s->clone,
		.progress = verify_progress,
		.progress_arg = s,
		.remote = s->remote,
		.network_ms = s->network_ms,
		.offline = s->offline,
		.merger = session_merger,
		.merger_arg = s,
	};
}

enum err session_ledger(struct session *s, struct error *err)
{
	struct ledger_opts opts = ledger_options(s);
	struct error none = ERROR_INIT;
	enum err rc;

	if (s->ledger)
		return ERR_OK;
	rc = ledger_open(&opts, &s->ledger, err);
	if (rc != ERR_NOTFOUND || s->no_arrival)
		return rc;
	error_swap(&none, err);
	rc = session_arrive(s, &opts, err);
	if (!rc) {
		opts = ledger_options(s);
		rc = ledger_open(&opts, &s->ledger, err);
	} else if (rc == ERR_HELD && !s->unasked) {
		s->unasked = xstrdup(err->text.ptr);
		if (!s->quiet) { /* said once */
			out_printf(&s->msg, "warning: ");
			out_text(&s->msg, err->text.ptr);
			out_printf(&s->msg, "\n");
		}
	}
	if (rc == ERR_HELD || rc == ERR_NOTFOUND) {
		error_reset(err);
		error_swap(&none, err);
		rc = ERR_NOTFOUND;
	}
	error_release(&none);
	return rc;
}

enum err session_ledger_fully(struct session *s, struct error *err)
{
	struct ledger_opts opts;
	enum err rc = session_ledger(s, err); /* it may have to come first */

	if (rc == ERR_NOTFOUND)
		return rc;
	ledger_free(s->ledger);
	s->ledger = NULL;
	error_reset(err); /* what is wrong is said of all of it */
	opts = ledger_options(s);
	opts.full = true;
	return ledger_open(&opts, &s->ledger, err);
}

static enum err found_without_remotes(struct session *s, struct error *err)
{
	struct strvec remotes = STRVEC_INIT;
	enum err rc = repo_remotes(s->repo, &remotes, err);

	if (!rc && remotes.n) {
		error_reset(err);
		error_hint(err, "fetch the team's ledger or found one:\n"
				"  git strack init");
		rc = error_set(err, ERR_HELD,
			"this clone has no ledger, but has remotes, %s",
			s->unasked ? "and they do not all answer"
				   : "where the team's may be");
	}
	strvec_release(&remotes);
	if (rc)
		return rc;
	error_reset(err);
	rc = session_found_ledger(s, err);
	if (!rc)
		out_printf(&s->msg, "founded a ledger on the branch '%s'\n",
			LEDGER_BRANCH);
	return rc;
}

enum err session_ledger_for_writing(
	struct session *s, bool found, struct error *err)
{
	struct oid tip;
	enum err rc;

	/* Nothing is made where there is nothing to write to. */
	if (!found && !s->ledger &&
		ref_read(s->repo, LEDGER_REF, &tip, NULL) == ERR_NOTFOUND) {
		rc = session_ledger(s, err);
		if (rc)
			return rc;
	}
	s->wrote = true;
	rc = session_prepare_state(s, err);
	if (!rc)
		rc = session_ledger(s, err);
	if (rc == ERR_NOTFOUND && found) {
		rc = found_without_remotes(s, err);
		if (!rc)
			rc = session_ledger(s, err);
	}
	if (!rc)
		rc = ledger_require_sound(s->ledger, err);
	if (!rc)
		rc = ledger_recover(s->ledger, err);
	if (!rc && strcmp(s->env, ENV_LOCAL) != 0)
		rc = session_exchange(s, false, err);
	if (!rc && s->ledger && ledger_met(s->ledger)) /* what got there */
		rc = ledger_recover(s->ledger, err);
	return rc;
}

const char *session_signer_name(struct session *s, const char *fingerprint)
{
	const struct trust *trust;
	const char *name = NULL;

	if (s->ledger && ledger_trust(s->ledger, &trust, NULL) == ERR_OK)
		name = trust_principal(trust, fingerprint);
	return name ? name : fingerprint;
}

void session_stamp(const struct session *s, struct entry *e)
{
	struct buf when = BUF_INIT;

	if (kind_info(e->kind)->folder != FOLDER_TRUST) {
		if (!entry_get(e, KEY_ENVIRONMENT))
			entry_set(e, KEY_ENVIRONMENT, s->env);
		if (!strcmp(entry_get(e, KEY_ENVIRONMENT), ENV_LOCAL))
			entry_set(e, KEY_CLONE, s->clone);
	}
	time_format(&when, clock_now_ms());
	entry_set(e, KEY_TIME, when.ptr);
	entry_set(e, KEY_HOST, s->host);
	entry_set(e, KEY_USER, s->user);
	buf_release(&when);
}

/* ---- what is under way ---- */

enum err session_run_life(const struct session *s, const char *run,
	enum run_life *ret, struct error *err)
{
	return rundir_life(s->state_dir, run, ret, err);
}

enum state session_state(
	const struct session *s, const struct state_row *r, int64_t now_ms)
{
	enum run_life life = RUN_ELSEWHERE;

	if (r->state != STATE_RUNNING)
		return r->state;
	if (r->run && session_run_life(s, r->run, &life, NULL))
		life = RUN_ALIVE; /* when in doubt, it lives */
	if (life == RUN_GONE)
		return STATE_LOST;
	if (life == RUN_ELSEWHERE && r->limit > 0 &&
		now_ms > r->claim_ms + r->limit * 1000)
		return STATE_OVERDUE;
	return STATE_RUNNING;
}
