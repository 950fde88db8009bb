/* Packets between runner and warden.  Knows not what they mean. */
#include "lifeline.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum err lifeline_open(int ends[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_sys(err, "cannot make a socket pair");
	return ERR_OK;
}

bool lifeline_send(int fd, const struct life *l, const void *text, size_t len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)l, .iov_len = sizeof(*l) },
		{ .iov_base = (void *)text, .iov_len = len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = len ? 2 : 1 };
	int saved = errno;
	ssize_t n;

	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	errno = saved;
	return n >= 0;
}

bool lifeline_next(int fd, struct life *ret, struct buf *text)
{
	char data[LIFE_TEXT_MAX];
	struct iovec iov[2] = {
		{ .iov_base = ret, .iov_len = sizeof(*ret) },
		{ .iov_base = data, .iov_len = sizeof(data) },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	/* The other closed with packets of ours unread: that is told once, and
	 * ahead of what it sent. */
	do {
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0 && errno == EAGAIN)
		return false;
	buf_reset(text);
	if (n < (ssize_t)sizeof(*ret)) {
		*ret = (struct life){ .kind = LIFE_CLOSED };
		return true;
	}
	buf_add(text, data, (size_t)n - sizeof(*ret));
	return true;
}
