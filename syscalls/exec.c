/* SPDX-License-Identifier: MIT */
/*
 * Program start, for execve(2) and for the program named in the boot module. The address space is
 * laid out and randomised as Linux does on x86-64: stack at the top, below a random gap the
 * mapping area growing down, the break at a random distance above the program.
 */
#include "syscalls/exec.h"

#include "fs/mount.h"
#include "fs/vfs.h"
#include "fs/xattr.h"
#include "kernel/errname.h"
#include "kernel/heap.h"
#include "kernel/log.h"
#include "kernel/page.h"
#include "kernel/random.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/uaccess.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/sigframe.h"
#include "kernel/x86_64/vvar.h"
#include "loader/script.h"

#include <linux/auxvec.h>
#include <linux/elf.h>
#include <linux/personality.h>

/* Linux's numbers: arch/x86/mm/mmap.c, STACK_RND_MASK, arch_randomize_brk(). */
#define STACK_RANDOM	(1ull << (22 + PAGE_SHIFT))
#define MMAP_RANDOM	(1ull << (28 + PAGE_SHIFT))
#define BRK_RANDOM	(1ull << 30)
#define STACK_GUARD_GAP (256 * PAGE_SIZE)
#define MMAP_GAP_MIN	(128ull << 20)
#define MMAP_GAP_MAX	(TASK_SIZE / 6 * 5)

#define STACK_ROOM     (128ull << 10) /* mapped below the arguments; it grows from there */
#define STACK_READY    (8ull << 10)   /* filled in advance below all that */
#define VDSO_MAX_PAGES 4
#define USER_HZ	       100

/* Newer than the headers of Debian 12 (Linux 6.3): what is supported of struct rseq, 4 members
 * without extensions. */
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN	     28
#define RSEQ_FEATURES	     28
#define RSEQ_ALIGN	     32

/* ---- identity ---- */

static int set_identity(const struct bootinfo *bi)
{
	struct cred *c = cred_dup();
	int r = c != NULL ? cred_set_groups(c, bootinfo_groups(bi), bi->n_groups) : -ENOMEM;

	if (r < 0)
		return r;
	c->uid = c->euid = c->suid = c->fsuid = bi->uid;
	c->gid = c->egid = c->sgid = c->fsgid = bi->gid;
	cred_fix_setuid(c);
	cred_commit(c);
	return 0;
}

static int set_directories(const struct bootinfo *bi)
{
	const char *path = bootinfo_string(bi, bi->cwd);
	struct dentry *cwd;
	int r = vfs_thread_first();

	if (r < 0)
		return r;
	current->fs->umask = bi->umask;
	r = vfs_lookup(NULL, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &cwd);
	if (r < 0) {
		log_error("%s: cannot be the working directory: %s", path, errno_text(-r));
		return r;
	}
	dentry_put(current->fs->cwd);
	current->fs->cwd = cwd;
	return 0;
}

/* Do others than threads of this process, which end now, share the caller's directories? */
static bool fs_shared(struct process *p)
{
	uint32_t own = 0;
	struct thread *t;

	spin_lock(&p->lock);
	list_for_each (t, &p->threads, process_link)
		own += t->fs == current->fs;
	spin_unlock(&p->lock);
	return current->fs->refs > own;
}

/* execve(2): whom the program runs as, to be in force when it starts. */
static int plan_identity(struct exec *x)
{
	struct inode *in = x->program.dentry->inode;
	struct cred *c = x->cred = cred_dup();
	struct file_caps caps;
	bool has_caps = false;
	bool no_gain = current->no_new_privs || fs_shared(x->p);

	if (c == NULL)
		return -ENOMEM;
	if (!current->no_new_privs && !place_has(x->program.dentry, MS_NOSUID)) {
		if (in->mode & S_ISUID)
			c->euid = in->uid;
		if ((in->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
			c->egid = in->gid;
		has_caps = vfs_file_caps(in, &caps) > 0;
	}
	return cred_exec(c, has_caps ? &caps : NULL, no_gain, &x->secure);
}

static void take_identity(struct exec *x)
{
	const struct cred *old = current->cred;

	x->p->dumpable = old->euid == old->uid && old->egid == old->gid;
	x->p->personality &= ~READ_IMPLIES_EXEC;
	if (x->secure) {
		x->p->pdeath_signal = 0;
		x->p->personality &= ~PER_CLEAR_ON_SETID;
	}
	cred_commit(x->cred);
	x->cred = NULL;
}

/* The name of the process, and where /proc/self/exe leads. */
static int set_names(struct exec *x)
{
	const char *slash = strrchr(x->path, '/'), *base = slash != NULL ? slash + 1 : x->path;
	char *path = kmalloc(PATH_MAX_LEN);
	ssize_t r;

	if (path == NULL)
		return -ENOMEM;
	r = vfs_path(x->program.dentry, path, PATH_MAX_LEN);
	if (r >= 0) {
		char *exe = kstrdup(path);

		if (exe != NULL) {
			kfree(x->p->exe_path);
			x->p->exe_path = exe;
		} else {
			r = -ENOMEM;
		}
	}
	kfree(path);
	memset(current->comm, 0, sizeof(current->comm));
	memcpy(current->comm, base, strnlen(base, sizeof(current->comm) - 1));
	return r < 0 ? (int)r : 0;
}

/* ---- address space ---- */

static void lay_out(struct exec *x)
{
	uint64_t gap = MIN(x->stack_limit, MMAP_GAP_MAX) + STACK_RANDOM + STACK_GUARD_GAP;

	x->stack_top = TASK_SIZE - exec_random(STACK_RANDOM);
	x->mm->stack_top = x->stack_top;
	gap = MAX(MIN(gap, MMAP_GAP_MAX), MMAP_GAP_MIN);
	x->mm->mmap_top = ALIGN_DOWN(TASK_SIZE - gap, PAGE_SIZE) - exec_random(MMAP_RANDOM);
}

/* As large as the arguments and some room need; MM grows it on demand up to RLIMIT_STACK. What is
 * about to be written is filled now, which saves a fault. */
static int map_stack(struct exec *x, uint64_t used)
{
	unsigned prot = PROT_READ | PROT_WRITE | (x->program.elf.exec_stack ? PROT_EXEC : 0);
	unsigned flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE;
	uint64_t size = ALIGN_UP(MAX(MIN(used + STACK_ROOM, x->stack_limit), used), PAGE_SIZE);
	uint64_t ready = MIN(ALIGN_UP(used + STACK_READY, PAGE_SIZE), size);
	int64_t r = mm_map(x->mm, x->stack_top - size, size, prot, flags, NULL, 0, "[stack]");

	return r < 0 ? (int)r : mm_populate(x->mm, x->stack_top - ready, ready);
}

static int map_images(struct exec *x)
{
	struct exec_image *prog = &x->program, *interp = &x->interp;
	int r = exec_image_map(prog, x->mm, true);

	if (r < 0)
		return r;
	x->start = prog->bias + prog->elf.entry;
	x->mm->brk_start = prog->bias + prog->elf.hi + exec_random(BRK_RANDOM);
	x->mm->brk = x->mm->brk_start;
	if (interp->file == NULL)
		return 0;
	r = exec_image_map(interp, x->mm, false);
	x->start = interp->bias + interp->elf.entry;
	return r;
}

/* The clock page, directly followed by the vDSO. */
static int map_vdso(struct exec *x)
{
	size_t n = (size_t)(vdso_end - vdso_start) / PAGE_SIZE;
	struct page *vvar = virt_to_page(&vvar_page), *text[VDSO_MAX_PAGES];
	int64_t at, r;

	assert(n <= VDSO_MAX_PAGES);
	for (size_t i = 0; i < n; i++)
		text[i] = virt_to_page(vdso_start + i * PAGE_SIZE);
	at = mm_find_free(x->mm, 0, (n + 1) * PAGE_SIZE, PAGE_SIZE);
	if (at < 0)
		return (int)at;
	r = mm_map_pages(x->mm, at, &vvar, 1, PROT_READ, "[vvar]");
	if (r < 0)
		return (int)r;
	x->vdso = at + PAGE_SIZE;
	r = mm_map_pages(x->mm, x->vdso, text, n, PROT_READ | PROT_EXEC, "[vdso]");
	return r < 0 ? (int)r : 0;
}

/* ---- stack ---- */

/* The vector in Linux's order. AT_HWCAP2 does not offer FSGSBASE: GS is the kernel's. */
static size_t fill_auxv(const struct exec *x, struct elf_aux *aux)
{
	const struct elf_image *elf = &x->program.elf;
	const struct cred *c = x->cred != NULL ? x->cred : current->cred;
	const struct elf_aux list[] = {
	    {AT_SYSINFO_EHDR, x->vdso},
	    {AT_MINSIGSTKSZ, sigframe_max_size()},
	    {AT_HWCAP, cpu_cpuid1_edx()},
	    {AT_PAGESZ, PAGE_SIZE},
	    {AT_CLKTCK, USER_HZ},
	    {AT_PHDR, elf->phdr_vaddr ? x->program.bias + elf->phdr_vaddr : 0},
	    {AT_PHENT, sizeof(Elf64_Phdr)},
	    {AT_PHNUM, elf->phnum},
	    {AT_BASE, x->interp.file != NULL ? x->interp.bias : 0},
	    {AT_FLAGS, 0},
	    {AT_ENTRY, x->program.bias + elf->entry},
	    {AT_UID, c->uid},
	    {AT_EUID, c->euid},
	    {AT_GID, c->gid},
	    {AT_EGID, c->egid},
	    {AT_SECURE, x->secure},
	    {AT_RANDOM, 0},
	    {AT_HWCAP2, 0},
	    {AT_EXECFN, 0},
	    {AT_PLATFORM, 0},
	    {AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURES},
	    {AT_RSEQ_ALIGN, RSEQ_ALIGN},
	};

	_Static_assert(ARRAY_SIZE(list) < ELF_MAX_AUX, "auxiliary vector");
	memcpy(aux, list, sizeof(list));
	return ARRAY_SIZE(list);
}

static int write_stack(void *ctx, uint64_t addr, const void *data, size_t len)
{
	return copy_to_user(addr, data, len) < 0 ? -ENOMEM : 0; /* the area is mapped writable */
}

/* What the stack is made of. The vector is complete when the images are mapped. */
static struct elf_stack_args stack_args(struct exec *x, struct elf_aux *aux)
{
	return (struct elf_stack_args){
	    .argv = x->args.argv,
	    .argc = x->args.argc,
	    .envp = x->args.envp,
	    .envc = x->args.envc,
	    .execfn = x->path,
	    .platform = "x86_64",
	    .jitter = x->jitter,
	    .aux = aux,
	    .n_aux = fill_auxv(x, aux),
	};
}

/* Bytes the arguments and tables take, or -E2BIG. */
static int64_t stack_used(struct exec *x)
{
	struct elf_aux aux[ELF_MAX_AUX];
	struct elf_stack_args args = stack_args(x, aux);
	struct elf_stack stack;
	int r = elf_plan_stack(&args, TASK_SIZE, x->stack_limit, &stack);

	return r < 0 ? r : (int64_t)(TASK_SIZE - stack.sp);
}

static int build_stack(struct exec *x, struct elf_stack *stack)
{
	struct elf_aux aux[ELF_MAX_AUX];
	struct elf_stack_args args = stack_args(x, aux);

	random_bytes(args.random, sizeof(args.random));
	return elf_build_stack(&args, x->stack_top, x->stack_limit, write_stack, NULL, stack);
}

static void publish_stack(struct exec *x, const struct elf_stack *stack)
{
	_Static_assert(sizeof(stack->auxv) <= sizeof(x->p->auxv), "process.auxv");
	memcpy(x->p->auxv, stack->auxv, stack->n_auxv * sizeof(stack->auxv[0]));
	x->p->auxv_len = stack->n_auxv * 2;
	x->mm->arg_start = stack->arg_start;
	x->mm->arg_end = stack->arg_end;
	x->mm->env_start = stack->env_start;
	x->mm->env_end = stack->env_end;
}

/* ---- before anything is changed ---- */

static const char *error_text(int r)
{
	switch (r) {
	case -ENOENT:
	case -ENOTDIR:
		return "no such file";
	case -EACCES:
		return "permission denied";
	case -ELOOP:
		return "too many links or scripts";
	case -ENOEXEC:
		return "neither a program nor a script with an interpreter";
	case -ENOMEM:
		return "not enough memory";
	case -E2BIG:
		return "argument list too long";
	case -EEXIST:
		return "the addresses it is linked for are taken";
	default:
		return "cannot be started";
	}
}

static int complain(const struct exec *x, const char *what, int r)
{
	if (x->tell && r < 0)
		log_error("%s: %s", what, error_text(r));
	return r;
}

static int open_interpreter(struct exec *x, const char *of, const char *path, struct exec_image *im)
{
	struct dentry *d;
	int r = *path != '\0' ? vfs_lookup(NULL, path, LOOKUP_FOLLOW, &d) : -EACCES;

	if (r == 0)
		r = exec_image_open(im, d);
	if (r < 0 && x->tell)
		log_error("%s: its interpreter %s: %s", of, path, error_text(r));
	return r;
}

/* As long as the program is a script, go on with its interpreter. */
static int follow_scripts(struct exec *x)
{
	char *head = kmalloc(SCRIPT_HEAD_SIZE);
	struct script *s = kmalloc(sizeof(*s));
	const char *path = x->path;
	int r = head != NULL && s != NULL ? 0 : -ENOMEM;

	for (int level = 0; r == 0; level++) {
		r = level > SCRIPT_MAX_LEVELS ? -ELOOP : 0;
		if (r == 0)
			r = exec_image_head(&x->program, head, SCRIPT_HEAD_SIZE);
		if (r == 0)
			r = script_parse(head, s);
		if (r <= 0)
			break;
		if (level == 0 && x->fd_path)
			r = -ENOENT;
		else
			r = exec_args_script(&x->args, s->interp, s->has_arg ? s->arg : NULL, path);
		if (r < 0)
			break;
		exec_image_close(&x->program);
		r = open_interpreter(x, path, s->interp, &x->program);
		path = x->args.argv[0];
		if (r < 0)
			goto out; /* reported */
	}
	complain(x, path, r);
out:
	kfree(head);
	kfree(s);
	return r;
}

static int parse_images(struct exec *x)
{
	enum elf_error e = exec_image_parse(&x->program);
	const char *interp = x->program.elf.interp;
	int r;

	if (e != ELF_OK) {
		if (x->tell)
			log_error("%s: %s", x->path, elf_error_text(e));
		return -ENOEXEC;
	}
	if (!x->program.elf.has_interp)
		return 0;
	r = open_interpreter(x, x->path, interp, &x->interp);
	if (r < 0)
		return r;
	e = exec_image_parse(&x->interp);
	if (e != ELF_OK && x->tell)
		log_error("%s: its interpreter %s: %s", x->path, interp, elf_error_text(e));
	return e != ELF_OK ? -ELIBBAD : 0;
}

int exec_resolve(struct exec *x)
{
	int64_t used;
	int r;

	x->p = current_process();
	x->stack_limit = x->p->limits[RLIMIT_STACK].rlim_cur;
	r = follow_scripts(x);
	if (r == 0)
		r = parse_images(x);
	if (r == 0)
		r = plan_identity(x);
	if (r < 0)
		return r;
	x->jitter = (x->p->personality & ADDR_NO_RANDOMIZE) && !x->secure ? 0 : random_u64();
	used = stack_used(x);
	return used < 0 ? complain(x, x->path, (int)used) : 0;
}

void exec_close(struct exec *x)
{
	exec_image_close(&x->program);
	exec_image_close(&x->interp);
	exec_args_free(&x->args);
	if (x->cred != NULL)
		cred_put(x->cred);
}

/* ---- the new image ---- */

static void set_registers(struct regs *regs, uint64_t rip, uint64_t rsp)
{
	cpu_program_regs(regs, rip, rsp);
	cpu_set_fs_base(0);
}

/* While the program runs nobody writes to its file; the one that ran before may change again. */
static void take_file(struct exec *x)
{
	struct inode *old = x->p->exe, *new = x->program.dentry->inode;

	(void)vfs_deny_write(new); /* as it is already, by exec_image_open */
	x->p->exe = inode_get(new);
	if (old != NULL) {
		vfs_allow_write(old);
		inode_put(old);
	}
}

int exec_enter(struct exec *x, struct regs *regs)
{
	struct elf_stack stack;
	int r;

	x->mm = x->p->mm;
	take_identity(x);
	lay_out(x);
	r = map_images(x);
	if (r == 0)
		r = map_stack(x, (uint64_t)stack_used(x));
	if (r == 0)
		r = map_vdso(x);
	if (r == 0)
		r = build_stack(x, &stack);
	if (r == 0)
		r = set_names(x);
	if (r == 0) {
		publish_stack(x, &stack);
		set_registers(regs, x->start, stack.sp);
		take_file(x);
	}
	return complain(x, x->path, r);
}

/* ---- at boot ---- */

static int boot_open(struct exec *x)
{
	struct dentry *d;
	int r = vfs_lookup(NULL, x->path, LOOKUP_FOLLOW, &d);

	if (r == 0)
		r = exec_image_open(&x->program, d);
	return r < 0 ? complain(x, x->path, r) : exec_resolve(x);
}

int exec_boot(const struct bootinfo *bi, struct regs *regs)
{
	struct exec *x = kzalloc(sizeof(*x));
	struct process *p = current_process();
	int r;

	if (x == NULL) {
		log_error("%s: not enough memory to start it", bootinfo_string(bi, bi->exe));
		return -ENOMEM;
	}
	x->path = bootinfo_string(bi, bi->exe);
	x->tell = true;
	r = set_identity(bi);
	if (r == 0)
		r = set_directories(bi);
	if (r == 0)
		r = complain(x, x->path, exec_args_boot(&x->args, bi));
	if (r == 0)
		r = boot_open(x);
	if (r == 0) {
		mm_activate(p->mm);
		r = exec_enter(x, regs);
	}
	exec_close(x);
	kfree(x);
	return r;
}
