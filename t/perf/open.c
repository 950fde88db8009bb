/* The least that any program on libgit2 does: starts it, opens, ends. */
#include <git2.h>
#include <stdio.h>

int main(void)
{
	git_repository *r = NULL;

	git_libgit2_init();
	if (git_repository_open_ext(&r, ".", 0, NULL) < 0) {
		fprintf(stderr, "can't open the repository\n");
		return 1;
	}
	git_repository_free(r);
	git_libgit2_shutdown();
	return 0;
}
