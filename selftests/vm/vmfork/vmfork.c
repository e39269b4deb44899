// SPDX-License-Identifier: GPL-2.0
/*
 * Tells the kernel that this machine has been forked, as the driver of a virtual
 * machine's generation ID does. The function is exported only where that driver
 * is a module; a kprobe finds it anyway. It never stays loaded.
 */

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/random.h>

static int __init vmfork_init(void)
{
	struct kprobe probe = { .symbol_name = "add_vmfork_randomness" };
	void (*fork)(const void *id, size_t len);
	u8 id[16];
	int ret;

	ret = register_kprobe(&probe);
	if (ret)
		return ret;
	fork = (void *)probe.addr;
	unregister_kprobe(&probe);
	get_random_bytes(id, sizeof(id));
	fork(id, sizeof(id));
	return -ECANCELED;
}

module_init(vmfork_init);
MODULE_DESCRIPTION("A fork of the virtual machine, for tests");
MODULE_LICENSE("GPL");
