// SPDX-License-Identifier: GPL-2.0
/*
 * POOL, the Protected Orchestrated Overlay Link: a network device whose packets
 * travel in mutually authenticated, encrypted sessions.
 */
#include "allowedips.h"
#include "batch.h"
#include "crypto.h"
#include "device.h"
#include "fragment.h"
#include "netlink.h"
#include "peer.h"
#include "queueing.h"
#include "ratelimiter.h"
#include "session.h"

#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

static int __init pool_init(void)
{
	int ret;

	ret = pool_crypto_init();
	if (ret)
		return ret;
	ret = pool_allowedips_module_init();
	if (ret)
		goto err_crypto;
	if (!pool_allowedips_selftest() || !pool_ratelimiter_selftest()) {
		ret = -ENOTRECOVERABLE;
		goto err_allowedips;
	}
	pool_queueing_init();
	ret = pool_batch_init();
	if (ret)
		goto err_allowedips;
	ret = pool_session_init();
	if (ret)
		goto err_batch;
	ret = pool_fragment_init();
	if (ret)
		goto err_session;
	ret = pool_peer_init();
	if (ret)
		goto err_fragment;
	ret = pool_device_init();
	if (ret)
		goto err_peer;
	/* Last, so that nobody can name what is only half there. */
	ret = pool_netlink_init();
	if (ret)
		goto err_device;
	return 0;

err_device:
	pool_device_exit();
	rcu_barrier();
err_peer:
	pool_peer_exit();
err_fragment:
	pool_fragment_exit();
err_session:
	pool_session_exit();
err_batch:
	pool_batch_exit();
err_allowedips:
	pool_allowedips_module_exit();
err_crypto:
	pool_crypto_exit();
	return ret;
}

static void __exit pool_exit(void)
{
	pool_netlink_exit();
	pool_device_exit();
	rcu_barrier();
	pool_peer_exit();
	pool_fragment_exit();
	pool_session_exit();
	pool_batch_exit();
	pool_allowedips_module_exit();
	pool_crypto_exit();
}

module_init(pool_init);
module_exit(pool_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Protected Orchestrated Overlay Link");
MODULE_ALIAS_RTNL_LINK(KBUILD_MODNAME);
MODULE_ALIAS_GENL_FAMILY(POOL_FAMILY_NAME);
