// SPDX-License-Identifier: GPL-2.0
/* What the tool teaches. Lines end before column 80. */
#include "pool.h"

#define KEYS_HELP \
"Keys are 32 bytes in base64. Secrets are given by the name of a file, never\n" \
"as a word of the command line, where every user could read them; \"-\" is\n" \
"standard input.\n"

static const char show_help[] =
"pool show [DEV|all|interfaces] [--json] [--watch [SECONDS]] [FIELD]\n"
"\n"
"Show POOL devices, their peers and what happens on them. \"pool\" alone is\n"
"\"pool show\".\n"
"\n"
"  DEV          one device, by name or index; all of them if left out\n"
"  interfaces   just their names\n"
"  --json       everything, as one JSON document (see pool(8))\n"
"  --watch      again every second, or every SECONDS, until interrupted; on a\n"
"               terminal in place, else one after the other, with --json a line\n"
"               for each\n"
"  FIELD        one table for scripts, its columns parted by tabs:\n"
"               public-key, listen-port, peers, endpoints, allowed-ips,\n"
"               latest-handshakes, transfer, sessions, drops, dump\n"
"               With \"all\" each line begins with the name of its device.\n"
"\n"
"Each session has a table of what this host measures and what the peer says:\n"
"  rtt, jitter  round-trip time and its mean deviation\n"
"  loss         of what the other end sent: here from the peer, there to it\n"
"  throughput   of what arrived at that end\n"
"  queue        packets that wait at that end\n"
"  !            the two contradict each other; nothing is decided by it\n"
"\n"
"What to look at when there is no connection:\n"
"  state        unreachable: this end has no endpoint to call\n"
"  last error   why the last attempt did not work\n"
"  dropped      what was refused, how often, and for which reason\n"
"  \"pool help reasons\" explains all of them.\n"
"\n"
"Examples:\n"
"  pool show pool0\n"
"  pool show all transfer\n"
"  pool show pool0 --watch 5\n"
"  pool show pool0 --json | jq '.pool0.peers[].state'\n";

static const char set_help[] =
"pool set DEV [private-key FILE] [listen-port PORT]\n"
"             [transport tcp|raw|udp|auto] [fwmark N|0xN|off]\n"
"             [bind ADDRESS|none] [bind-device IFNAME|none]\n"
"             [heartbeat SECONDS|off] [name NAME] [organisation HEX]\n"
"             [segment HEX] [init-skew SECONDS] [dscp N|inherit] [LIMITS]\n"
"             [peer KEY [remove] [update-only|create-only] [rekey]\n"
"                       [preshared-key FILE] [endpoint HOST[:PORT]|none]\n"
"                       [transport tcp|raw|udp|auto] [heartbeat SECONDS|off]\n"
"                       [allowed-ips [+|-]CIDR|auto[,...]] [LIMITS]]...\n"
"LIMITS: [rekey-after-packets N] [rekey-after-time SECONDS]\n"
"        [reject-after-packets N] [reject-after-time SECONDS]\n"
"\n"
"Change a device and its peers. What is not named stays as it is. The whole\n"
"line is checked before anything is sent.\n"
"\n"
"The device:\n"
"  private-key FILE   its identity; an empty file takes it away\n"
"  listen-port PORT   where it is called, by TCP and UDP: 9253, or 0 for any\n"
"  transport NAME     what carries its packets: tcp, a connection; udp; raw, IP\n"
"                     protocol 253; auto, the first of raw, udp and tcp that is\n"
"                     answered\n"
"  fwmark MARK        mark on the packets of the transport\n"
"  bind ADDRESS       the one local address that the transport uses; none: any\n"
"  bind-device IFNAME the one interface, likewise\n"
"  heartbeat SECONDS  how often it tells its peers that it is there (5)\n"
"  name NAME          what it calls itself; \"\" for nothing\n"
"  organisation HEX   parts of its POOL address, up to 16 hex digits\n"
"  segment HEX\n"
"  init-skew SECONDS  how far the clock of a caller may be off (30)\n"
"  dscp N             DSCP of its own packets, 0 to 63 (0); inherit: that of the\n"
"                     packets in them, which may reorder them\n"
"\n"
"A peer is named by its public key and made if it is not there:\n"
"  endpoint HOST:PORT where to call it; [ADDRESS]:PORT for IPv6; none if only\n"
"                     it calls. Without a port it is 9253; raw uses none.\n"
"  transport NAME     for this peer instead of the device's\n"
"  allowed-ips LIST   addresses behind it: packets to them go to it, packets\n"
"                     from it must come from them. + adds, - takes away; a\n"
"                     list without signs replaces. auto is the IPv6 address\n"
"                     that belongs to its key (pool address KEY).\n"
"  preshared-key FILE a secret both ends have, on top of the keys; an empty\n"
"                     file takes it away\n"
"  remove             forget the peer\n"
"  update-only        fail if there is no such peer\n"
"  create-only        fail if there is one\n"
"  rekey              agree on new keys now, in the session there is\n"
"\n"
"Limits on the life of keys, of the device or of one peer. They can only be\n"
"lowered from what the protocol has:\n"
"  rekey-after-packets N      offer new keys after that many packets\n"
"                             (251658240 = 2^28 - 2^24)\n"
"  rekey-after-time SECONDS   or that much time (3540)\n"
"  reject-after-packets N     take and send nothing more after that many\n"
"                             (269484032 = 2^28 + 2^20)\n"
"  reject-after-time SECONDS  or that much time (3780)\n"
"\n"
KEYS_HELP
"\n"
"Examples:\n"
"  pool set pool0 private-key /etc/pool/key listen-port 9253\n"
"  pool set pool0 peer KEY endpoint b.example:9253 allowed-ips 10.2.0.0/16,auto\n"
"  pool set pool0 peer KEY allowed-ips +192.168.7.0/24\n"
"  pass pool/psk | pool set pool0 peer KEY preshared-key -\n"
"  pool set pool0 peer KEY rekey\n"
"  pool set pool0 peer KEY remove\n";

static const char genkey_help[] =
"pool genkey > FILE\n"
"\n"
"Make a private key. Nobody else may read the file it goes to:\n"
"\n"
"  umask 077; pool genkey | tee key | pool pubkey\n";

static const char genpsk_help[] =
"pool genpsk > FILE\n"
"\n"
"Make a pre-shared key for \"pool set DEV peer KEY preshared-key FILE\". Both\n"
"ends need the same one.\n";

static const char pubkey_help[] =
"pool pubkey < FILE\n"
"\n"
"Read a private key and print its public key: the name by which peers know\n"
"this device.\n";

static const char address_help[] =
"pool address [DEV]\n"
"pool address KEY|- [organisation HEX] [segment HEX]\n"
"\n"
"Print the POOL address of a device, or the one that belongs to a public key\n"
"(\"-\": read it from standard input), and in a second line the IPv6 address\n"
"it maps to, which is what \"auto\" means in allowed-ips. Without a word:\n"
"every device, a line for each.\n"
"\n"
"Examples:\n"
"  pool address pool0\n"
"  pool pubkey < key | pool address - organisation 1 segment 2a\n"
"  ip -6 address add $(pool address pool0 | tail -n 1)/64 dev pool0\n";

static const char showconf_help[] =
"pool showconf DEV\n"
"\n"
"Print the settings of a device in the format of setconf. Secrets are not in\n"
"it, for the kernel does not give them out: a comment tells that they are set.\n"
"setconf and syncconf keep a key that the file does not give.\n";

static const char conf_help[] =
"pool setconf DEV FILE     make the device what the file says; sessions begin\n"
"                          anew\n"
"pool syncconf DEV FILE    the same, but what does not change goes on\n"
"pool addconf DEV FILE     only add and change what the file names\n"
"\n"
"The whole file is checked before anything is sent. What setconf and syncconf\n"
"do not find in it gets its default, and peers that it does not name are\n"
"removed; but keys that it does not name stay (\"PresharedKey = none\" takes\n"
"one away). \"-\" reads the file from standard input.\n"
"\n"
"  [Interface]\n"
"  PrivateKeyFile = /etc/pool/key   # or PrivateKey = KEY\n"
"  ListenPort = 9253\n"
"  Transport = tcp                  # or raw, udp, auto\n"
"  FwMark = off\n"
"  BindAddress = none               # or one of this host\n"
"  BindDevice = none                # or the name of an interface\n"
"  Heartbeat = 5\n"
"  Name = alpha\n"
"  Organisation = 1\n"
"  Segment = 2a\n"
"  InitSkew = 30\n"
"  Dscp = 0                         # or inherit\n"
"  RekeyAfterTime = 3540            # RekeyAfterPackets, RejectAfterTime and\n"
"                                   # RejectAfterPackets likewise\n"
"\n"
"  [Peer]\n"
"  PublicKey = KEY\n"
"  PresharedKeyFile = beta.psk      # or PresharedKey = KEY\n"
"  Endpoint = beta.example:9253\n"
"  AllowedIPs = 10.2.0.0/16, auto\n"
"  RekeyAfterTime = 600             # or another of these limits\n"
"\n"
"A relative name of a file starts in the directory of the configuration.\n";

static const char monitor_help[] =
"pool monitor [--json]\n"
"\n"
"Tell what happens, a line for each event, until interrupted:\n"
"  peer-added, peer-removed\n"
"  session-up, session-down         and why, with the code if one end has told\n"
"  connection-up, connection-down   and why\n"
"  rekeyed                          new keys, and the number of their epoch\n"
"  roamed                           the session has moved to a new connection\n"
"  suspect                          nothing was heard for three heartbeats\n"
"  overload, overload-end           the peer says that it is overloaded\n"
"  mismatch                         the figures in which its view contradicts\n"
"                                   what is measured here (pool show)\n"
"  peer-error                       the peer had to drop packets of ours: why\n"
"                                   and how many\n"
"  error                            something was refused: what and why\n"
"--json makes each line a JSON object.\n";

static const char help_help[] =
"pool help [COMMAND|reasons]\n"
"\n"
"Explain a command, or list them all; or explain every reason for a drop or an\n"
"error that \"pool show\" and \"pool monitor\" may tell.\n";

const struct command commands[] = {
	{ "show", "show devices, peers, sessions and what was dropped", show_help, cmd_show },
	{ "set", "change a device and its peers", set_help, cmd_set },
	{ "genkey", "make a private key", genkey_help, cmd_genkey },
	{ "genpsk", "make a pre-shared key", genpsk_help, cmd_genpsk },
	{ "pubkey", "private key in, public key out", pubkey_help, cmd_pubkey },
	{ "address", "the POOL address and the IPv6 address of a key", address_help, cmd_address },
	{ "showconf", "print the settings as a file", showconf_help, cmd_showconf },
	{ "setconf", "make a device what a file says", conf_help, cmd_setconf },
	{ "syncconf", "the same, leaving alone what does not change", conf_help, cmd_setconf },
	{ "addconf", "add what a file names", conf_help, cmd_setconf },
	{ "monitor", "tell what happens", monitor_help, cmd_monitor },
	{ "help", "explain a command", help_help, cmd_help },
	{ NULL, NULL, NULL, NULL },
};

void help_print(FILE *out)
{
	const struct command *c;

	fputs("pool: set up and show POOL devices, an encrypted overlay network\n"
	      "\n"
	      "Usage: pool COMMAND [WORDS...]\n"
	      "\n", out);
	for (c = commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->summary);
	fputs("\n"
	      "pool help COMMAND explains one; \"pool\" alone is \"pool show\".\n"
	      "\n"
	      "Two hosts, in five commands on each (A is shown; B does the same with\n"
	      "10.9.0.2, A's key and no endpoint):\n"
	      "\n"
	      "  umask 077; pool genkey > key; pool pubkey < key     # give this to B\n"
	      "  ip link add pool0 type pool\n"
	      "  ip address add 10.9.0.1/24 dev pool0\n"
	      "  pool set pool0 private-key key peer B_KEY endpoint b.example:9253 \\\n"
	      "           allowed-ips 10.9.0.2/32\n"
	      "  ip link set pool0 up; ping 10.9.0.2; pool show\n"
	      "\n"
	      "Exit codes: 0 done; 1 the kernel or the data said no, and the message\n"
	      "tells why; 2 the command line is wrong, and nothing was changed.\n", out);
}
