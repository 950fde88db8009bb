/* Terminals and pseudo-terminals.  Knows nothing of what is shown on them. */
#include "strack/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NAME_MAX_PTS 64 /* "/dev/pts/4194304" and then some */

enum err terminal_read(int fd, struct terminal *ret, struct error *err)
{
	struct terminal t = { .columns = 0 };

	if (tcgetattr(fd, &t.modes)) {
		error_sys(err, "cannot read how the terminal is set up");
		return ERR_FATAL;
	}
	terminal_size(fd, &t.columns, &t.rows);
	*ret = t;
	return ERR_OK;
}

bool terminal_make_raw(int fd, const struct terminal *t)
{
	struct termios raw = t->modes;

	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw) == 0;
}

static bool is_raw(int fd, const struct terminal *t)
{
	struct termios now, raw = t->modes;

	cfmakeraw(&raw);
	return tcgetattr(fd, &now) == 0 && now.c_iflag == raw.c_iflag &&
	       now.c_oflag == raw.c_oflag && now.c_lflag == raw.c_lflag;
}

void terminal_restore(int fd, const struct terminal *t, bool only_raw)
{
	if (only_raw && !is_raw(fd, t))
		return;
	while (tcsetattr(fd, only_raw ? TCSANOW : TCSADRAIN, &t->modes) &&
		errno == EINTR)
		;
}

bool terminal_size(int fd, unsigned short *columns, unsigned short *rows)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws))
		return false;
	*columns = ws.ws_col;
	*rows = ws.ws_row;
	return true;
}

void terminal_set_size(int fd, unsigned short columns, unsigned short rows)
{
	const struct winsize ws = { .ws_col = columns, .ws_row = rows };

	(void)ioctl(fd, TIOCSWINSZ, &ws); /* it looks odd, and works */
}

static int open_slave(int master)
{
	char name[NAME_MAX_PTS];

	if (grantpt(master) || unlockpt(master))
		return -1;
	errno = ptsname_r(master, name, sizeof(name));
	return errno ? -1 : open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

enum err pty_open(
	const struct terminal *like, int *master, int *slave, struct error *err)
{
	int m = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), s = -1, sys;

	if (m >= 0)
		s = open_slave(m);
	if (s < 0 || tcsetattr(s, TCSANOW, &like->modes) ||
		fcntl(m, F_SETFL, O_RDWR | O_NONBLOCK)) {
		sys = errno;
		if (m >= 0)
			close(m); /* nothing was written */
		if (s >= 0)
			close(s); /* likewise */
		errno = sys;
		error_sys(err, "cannot make a pseudo-terminal");
		return ERR_FATAL;
	}
	terminal_set_size(m, like->columns, like->rows);
	*master = m;
	*slave = s;
	return ERR_OK;
}
