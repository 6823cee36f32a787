/* SPDX-License-Identifier: MIT */
/*
 * Program start: what execve(2) does, for the program named in the boot module. The address space
 * is laid out and randomised as Linux does on x86-64: stack at the top, below a random gap the
 * mapping area growing down, the break at a random distance above the program.
 */
#include "syscalls/exec.h"

#include "fs/vfs.h"
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
#include "syscalls/exec_image.h"

#include <linux/auxvec.h>
#include <linux/elf.h>

/* Linux's numbers: arch/x86/mm/mmap.c, STACK_RND_MASK, arch_randomize_brk(). */
#define STACK_RANDOM	(1ull << (22 + PAGE_SHIFT))
#define MMAP_RANDOM	(1ull << (28 + PAGE_SHIFT))
#define BRK_RANDOM	(1ull << 30)
#define STACK_GUARD_GAP (256 * PAGE_SIZE)
#define MMAP_GAP_MIN	(128ull << 20)
#define MMAP_GAP_MAX	(TASK_SIZE / 6 * 5)

#define STACK_ROOM (128ull << 10) /* mapped below the arguments; it grows from there */
#define STACK_TABLES                                                                               \
	(4 * PAGE_SIZE) /* random shift, auxiliary vector, alignments: not more than that */
#define STACK_READY    (8ull << 10) /* filled in advance below all that */
#define VDSO_MAX_PAGES 4
#define USER_HZ	       100

/* Newer than the headers of Debian 12 (Linux 6.3): what is supported of struct rseq, 4 members
 * without extensions. */
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN	     28
#define RSEQ_FEATURES	     28
#define RSEQ_ALIGN	     32

/* A start in progress. */
struct exec {
	const struct bootinfo *bi;
	const char *path; /* as the user named it */
	struct process *p;
	struct mm *mm;
	bool secure;			 /* set-id program: AT_SECURE */
	uint64_t stack_top, stack_limit; /* RLIMIT_STACK */
	uint64_t vdso;
	uint64_t interp_base; /* load address of the interpreter, 0 = none */
	uint64_t start;	      /* first instruction: the interpreter's, if there is one */
	struct exec_image program, interp;
};

/* ---- identity ---- */

static void set_identity(struct process *p, const struct bootinfo *bi)
{
	struct cred *c = &p->cred;

	c->uid = c->euid = c->suid = c->fsuid = bi->uid;
	c->gid = c->egid = c->sgid = c->fsgid = bi->gid;
	c->n_groups = MIN(bi->n_groups, (uint32_t)ARRAY_SIZE(c->groups));
	memcpy(c->groups, bootinfo_groups(bi), c->n_groups * sizeof(c->groups[0]));
	if (c->n_groups < bi->n_groups)
		log_warn("only the first %u of %u groups are kept", c->n_groups, bi->n_groups);
	p->fs.umask = bi->umask;
}

static int set_directories(struct process *p, const struct bootinfo *bi)
{
	const char *path = bootinfo_string(bi, bi->cwd);
	struct dentry *cwd, *old = p->fs.cwd;
	int r;

	if (p->fs.root == NULL)
		p->fs.root = dentry_get(vfs_root());
	r = vfs_lookup(NULL, path, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &cwd);
	if (r < 0) {
		log_error("%s: cannot be the working directory: error %d", path, -r);
		return r;
	}
	p->fs.cwd = cwd;
	if (old != NULL)
		dentry_put(old);
	return 0;
}

/* execve(2): set-user-id and set-group-id programs. */
static void apply_set_id(struct exec *x)
{
	const struct inode *in = x->program.dentry->inode;
	struct cred *c = &x->p->cred;

	if (in->mode & S_ISUID)
		c->euid = c->suid = c->fsuid = in->uid;
	if ((in->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP))
		c->egid = c->sgid = c->fsgid = in->gid;
	x->secure = c->euid != c->uid || c->egid != c->gid;
	x->p->dumpable = !x->secure;
}

/* The name of the process, and where /proc/self/exe leads. */
static int set_names(struct exec *x)
{
	const char *base = strrchr(x->path, '/') + 1; /* bootinfo_check: the path is absolute */
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
static int map_stack(struct exec *x)
{
	const struct bootinfo *bi = x->bi;
	unsigned prot = PROT_READ | PROT_WRITE | (x->program.elf.exec_stack ? PROT_EXEC : 0);
	unsigned flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED_NOREPLACE;
	uint64_t used = (uint64_t)bi->argv.length + bi->envp.length + strlen(x->path) +
			STACK_TABLES +
			((uint64_t)bi->argv.count + bi->envp.count) * sizeof(uint64_t);
	uint64_t size = ALIGN_UP(MAX(MIN(used + STACK_ROOM, x->stack_limit), used), PAGE_SIZE);
	uint64_t ready = MIN(ALIGN_UP(used + STACK_READY, PAGE_SIZE), size);
	int64_t r = mm_map(x->mm, x->stack_top - size, size, prot, flags, NULL, 0, "[stack]");

	return r < 0 ? (int)r : mm_populate(x->mm, x->stack_top - ready, ready);
}

/* The program, and the interpreter it asks for. */
static int load_images(struct exec *x)
{
	struct exec_image *prog = &x->program, *interp = &x->interp;
	int r = exec_image_load(prog, x->mm, x->path, true);

	if (r < 0)
		return r;
	x->start = prog->bias + prog->elf.entry;
	x->mm->brk_start = prog->bias + prog->elf.hi + exec_random(BRK_RANDOM);
	x->mm->brk = x->mm->brk_start;
	if (!prog->elf.has_interp)
		return 0;
	r = exec_image_load(interp, x->mm, prog->elf.interp, false);
	if (r < 0) {
		log_error("%s: its interpreter %s cannot be loaded", x->path, prog->elf.interp);
		exec_image_close(prog);
		return r;
	}
	x->interp_base = interp->bias;
	x->start = interp->bias + interp->elf.entry;
	exec_image_close(interp);
	return 0;
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
	const struct cred *c = &x->p->cred;
	const struct elf_aux list[] = {
	    {AT_SYSINFO_EHDR, x->vdso},
	    {AT_MINSIGSTKSZ, sigframe_max_size()},
	    {AT_HWCAP, cpu_cpuid1_edx()},
	    {AT_PAGESZ, PAGE_SIZE},
	    {AT_CLKTCK, USER_HZ},
	    {AT_PHDR, elf->phdr_vaddr ? x->program.bias + elf->phdr_vaddr : 0},
	    {AT_PHENT, sizeof(Elf64_Phdr)},
	    {AT_PHNUM, elf->phnum},
	    {AT_BASE, x->interp_base},
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

/* Arguments and environment as arrays of pointers into the boot module; *out is to be kfree'd. */
static int collect_strings(const struct bootinfo *bi, const char ***out)
{
	size_t n = (size_t)bi->argv.count + bi->envp.count;

	*out = kmalloc((n + 1) * sizeof(**out));
	if (*out == NULL)
		return -ENOMEM;
	bootinfo_strings(bi, &bi->argv, *out);
	bootinfo_strings(bi, &bi->envp, *out + bi->argv.count);
	return 0;
}

static int build_stack(struct exec *x, struct elf_stack *stack)
{
	struct elf_aux aux[ELF_MAX_AUX];
	struct elf_stack_args args = {
	    .argc = x->bi->argv.count,
	    .envc = x->bi->envp.count,
	    .execfn = x->path,
	    .platform = "x86_64",
	    .jitter = random_u64(),
	    .aux = aux,
	    .n_aux = fill_auxv(x, aux),
	};
	const char **strings;
	int r = collect_strings(x->bi, &strings);

	if (r < 0)
		return r;
	args.argv = strings;
	args.envp = strings + args.argc;
	random_bytes(args.random, sizeof(args.random));
	r = elf_build_stack(&args, x->stack_top, x->stack_limit, write_stack, NULL, stack);
	kfree(strings);
	return r;
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

/* ---- all of it ---- */

static void set_registers(struct regs *regs, uint64_t rip, uint64_t rsp)
{
	cpu_program_regs(regs, rip, rsp);
	cpu_set_fs_base(0);
}

static const char *start_error_text(int r)
{
	return r == -ENOMEM  ? "not enough memory"
	       : r == -E2BIG ? "argument list too long"
			     : "its address space cannot be laid out";
}

/* All that happens in the new address space. */
static int start(struct exec *x, struct regs *regs)
{
	struct elf_stack stack;
	int r;

	lay_out(x);
	r = load_images(x);
	if (r < 0)
		return r;
	apply_set_id(x);
	r = map_stack(x);
	if (r == 0)
		r = map_vdso(x);
	if (r == 0)
		r = build_stack(x, &stack);
	if (r == 0)
		r = set_names(x);
	if (r == 0)
		r = vfs_deny_write(x->program.dentry->inode);
	exec_image_close(&x->program);
	if (r == 0) {
		publish_stack(x, &stack);
		set_registers(regs, x->start, stack.sp);
	}
	if (r < 0)
		log_error("%s: cannot be started: %s", x->path, start_error_text(r));
	return r;
}

int exec_boot(const struct bootinfo *bi, struct regs *regs)
{
	struct exec *x = kzalloc(sizeof(*x));
	int r;

	if (x == NULL) {
		log_error("%s: not enough memory to start it", bootinfo_string(bi, bi->exe));
		return -ENOMEM;
	}
	x->bi = bi;
	x->path = bootinfo_string(bi, bi->exe);
	x->p = current_process();
	x->mm = x->p->mm;
	x->stack_limit = x->p->limits[RLIMIT_STACK].rlim_cur;
	set_identity(x->p, bi);
	r = set_directories(x->p, bi);
	if (r == 0) {
		mm_activate(x->mm);
		r = start(x, regs);
	}
	kfree(x);
	return r;
}
