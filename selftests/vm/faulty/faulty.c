// SPDX-License-Identifier: GPL-2.0
/* Does what a module must not do, so that the rigs can show that they notice. */

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *fault = "";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "which one");

static DEFINE_SPINLOCK(faulty_lock);
static DEFINE_MUTEX(faulty_a);
static DEFINE_MUTEX(faulty_b);

static void use_after_free(void)
{
	char *p = kmalloc(64, GFP_KERNEL);

	if (!p)
		return;
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	WRITE_ONCE(p[8], 1);
}

static void sleep_in_atomic(void)
{
	spin_lock(&faulty_lock);
	msleep(20);
	spin_unlock(&faulty_lock);
}

static void lock_inversion(void)
{
	mutex_lock(&faulty_a);
	mutex_lock(&faulty_b);
	mutex_unlock(&faulty_b);
	mutex_unlock(&faulty_a);
	mutex_lock(&faulty_b);
	mutex_lock(&faulty_a);
	mutex_unlock(&faulty_a);
	mutex_unlock(&faulty_b);
}

static void leak(void)
{
	unsigned int i;

	/* Not one alone: something that looks like its address may lie about. */
	for (i = 0; i < 16; ++i)
		if (!kmalloc(64, GFP_KERNEL))
			return;
}

static int __init faulty_init(void)
{
	if (!strcmp(fault, "warn"))
		WARN_ON(1);
	else if (!strcmp(fault, "oops"))
		WRITE_ONCE(*(volatile int *)8, 1);
	else if (!strcmp(fault, "panic"))
		panic("faulty: as asked");
	else if (!strcmp(fault, "use-after-free"))
		use_after_free();
	else if (!strcmp(fault, "sleep-in-atomic"))
		sleep_in_atomic();
	else if (!strcmp(fault, "lock-inversion"))
		lock_inversion();
	else if (!strcmp(fault, "leak"))
		leak();
	return 0;
}

static void __exit faulty_exit(void)
{
}

module_init(faulty_init);
module_exit(faulty_exit);
MODULE_DESCRIPTION("Faults for the test rigs to notice");
MODULE_LICENSE("GPL");
