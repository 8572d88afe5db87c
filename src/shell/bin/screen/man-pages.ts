/**
 * Manual pages: what each program is, and for those without a --help of their own how they are called and what
 * their commonest options do. Short and true: they tell of what is here. `NAME|SECTION|what it is`, then the
 * synopsis after `$`, then paragraphs and `-option  text` lines.
 */
export const WHATIS = `
awk|1|pattern scanning and text processing language
base64|1|base64 encode/decode data and print to standard output
basename|1|strip directory and suffix from filenames
bash|1|GNU Bourne-Again SHell
bc|1|An arbitrary precision calculator language
cat|1|concatenate files and print on the standard output
chmod|1|change file mode bits
chown|1|change file owner and group
cmp|1|compare two files byte by byte
comm|1|compare two sorted files line by line
cp|1|copy files and directories
cut|1|remove sections from each line of files
date|1|print or set the system date and time
dd|1|convert and copy a file
df|1|report file system disk space usage
diff|1|compare files line by line
dirname|1|strip last component from file name
du|1|estimate file space usage
echo|1|display a line of text
env|1|run a program in a modified environment
expr|1|evaluate expressions
find|1|search for files in a directory hierarchy
fold|1|wrap each input line to fit in specified width
grep|1|print lines matching a pattern
gzip|1|compress or expand files
head|1|output the first part of files
id|1|print real and effective user and group IDs
jq|1|Command-line JSON processor
ln|1|make links between files
ls|1|list directory contents
md5sum|1|compute and check MD5 message digest
mkdir|1|make directories
mktemp|1|create a temporary file or directory
mv|1|move (rename) files
nl|1|number lines of files
nproc|1|print the number of processing units available
paste|1|merge lines of files
printf|1|format and print data
pwd|1|print name of current/working directory
readlink|1|print resolved symbolic links or canonical file names
realpath|1|print the resolved path
rm|1|remove files or directories
rmdir|1|remove empty directories
sed|1|stream editor for filtering and transforming text
seq|1|print a sequence of numbers
sha256sum|1|compute and check SHA256 message digest
sleep|1|delay for a specified amount of time
sort|1|sort lines of text files
split|1|split a file into pieces
stat|1|display file or file system status
tac|1|concatenate and print files in reverse
tail|1|output the last part of files
tar|1|an archiving utility
tee|1|read from standard input and write to standard output and files
timeout|1|run a command with a time limit
touch|1|change file timestamps
tr|1|translate or delete characters
truncate|1|shrink or extend the size of a file to the specified size
uname|1|print system information
uniq|1|report or omit repeated lines
wc|1|print newline, word, and byte counts for each file
whoami|1|print effective userid
xargs|1|build and execute command lines from standard input
yes|1|output a string repeatedly until killed
`;

/** Pages written out, parted by lines of `=`. */
export const PAGES = `
chattr|1|change file attributes on a Linux file system
$ chattr [ -RVf ] [ mode ] files...
A mode is +, - or = and letters. With =, the letters become the file's only attributes.
i  A file with the 'i' attribute cannot be modified, deleted, renamed or linked to. A directory with it takes no new entry and loses none. Only the superuser can set it.
a  A file with the 'a' attribute can only be opened in append mode for writing.
-R  Recursively change attributes of directories and their contents.
-V  Be verbose and print the attributes that were set.
-f  Suppress most error messages.
See also lsattr(1).
=
lsattr|1|list file attributes on a Linux file system
$ lsattr [ -RVadv ] [ files... ]
-R  Recursively list attributes of directories and their contents.
-a  List all files in directories, including files that start with \`.'.
-d  List directories like other files, rather than listing their contents.
See also chattr(1).
=
less|1|opposite of more
$ less [options] [file]...
Shows a text page by page. It need not read the whole file before it starts.
SPACE, f  Forward one window.
b  Backward one window.
RETURN, j, k  Forward or backward one line.
g, G  Go to the first line, to the last line; with a number before it, to that line.
/pattern, ?pattern  Search forward, backward. n repeats the search, N in the other direction.
&pattern  Show only lines that match; an empty pattern shows all again.
F  Wait for the file to grow and show what comes, as tail -f does. Ctrl-C stops it.
-N, -S  Number lines; chop long lines. They may be typed while less runs.
q  Quit.
=
more|1|file perusal filter for crt viewing
$ more [options] file...
Shows a text one screenful at a time: SPACE for the next screen, RETURN for the next line, /pattern to search, b back, q to quit.
See also less(1).
=
nano|1|Nano's ANOther editor, an enhanced free Pico clone
$ nano [options] [[+line,column] file]...
The two lowest lines of the screen show the commonest commands; ^ is the Control key, M- the Meta or Escape key.
^O  Write the file.
^X  Exit; asks whether to save what was changed.
^K, ^U  Cut the line; paste it.
^W  Search.
^_  Go to a line.
^G  Help.
=
vi|1|a programmers text editor
$ vi [options] [file ..]
Begins in normal mode, where keys are commands.
i, a, o, O  Insert before or after the cursor, on a new line below or above. Escape ends it.
h, j, k, l, w, b, 0, $, gg, G  Move.
x, dd, dw, D  Delete a character, a line, a word, the rest of the line.
yy, p, P, u  Copy a line, paste after or before, undo.
/pattern, n, N  Search, and again.
:w  :q  :wq  :q!  Write, quit, both, quit without saving.
:%s/old/new/g  Replace everywhere.
=
systemctl|1|Control the systemd system and service manager
$ systemctl [OPTIONS...] COMMAND [NAME...]
status, start, stop, restart, reload  Show or change the state of units.
enable, disable, is-enabled  Whether a unit is started at boot.
mask, unmask  Make it impossible to start a unit.
cat, edit, show  The unit's files; change them; its properties.
daemon-reload  Read all unit files again: needed after they were changed.
list-units, list-unit-files, list-timers, list-dependencies, --failed  Lists.
reset-failed, kill, isolate, is-active, is-failed  As they say.
-l  Do not ellipsize.
-n N  Journal lines that status shows.
--no-pager  Do not pipe output into a pager.
See also journalctl(1), systemd.unit(5), systemd.service(5).
=
journalctl|1|Query the systemd journal
$ journalctl [OPTIONS...] [MATCHES...]
-u UNIT  Messages of a unit.
-f  Follow.
-n N  The last N lines.
-r  Newest first.
-b [N], -k  Messages of this (or another) boot; the kernel's.
-p PRIORITY  Only this priority and what is graver: emerg, alert, crit, err, warning, notice, info, debug.
--since, --until  "2019-05-08 21:00:00", "5 min ago", today, yesterday, -1h.
-o FORMAT  short, short-iso, verbose, json, cat and others.
-x, -e  Add explanations; jump to the end.
See also systemctl(1).
=
ps|1|report a snapshot of the current processes
$ ps [options]
aux  Every process, in the user-oriented format.
-ef  Every process, in full format.
-o FORMAT  Columns of one's own, as pid,ppid,user,pcpu,pmem,args.
-p, -C, -u  By process id, command name, user.
f, --forest  Draw the tree.
ww  Do not cut lines at the screen's width.
See also top(1), pgrep(1), kill(1).
=
top|1|display Linux processes
$ top -bcn iterations -d secs -p pid,pid
-b -n N  Batch mode, N times.
While it runs: M, P, N, T sort by memory, processor, number, time; k kills, 1 shows each processor, c the command lines, u one user, d sets the delay, h helps, q quits.
=
kill|1|terminate a process
$ kill [-s signal|-p] pid...
Sends TERM, or another signal: -9, -KILL, -HUP. kill -l lists the names. kill -0 only asks whether the process is there.
See also pkill(1), killall(1).
=
sudo|8|execute a command as another user
$ sudo [-AbEHnPS] [-u user] [VAR=value] [-i | -s] [command]
-u user  As this user instead of root.
-i, -s  Run the login shell, a shell.
-l  List what one may do.
-n  Ask nothing.
See also sudoers(5), visudo(8), su(1).
=
su|1|run a command with substitute user and group ID
$ su [options...] [-] [user [args...]]
-, -l  A login shell.
-c command  Run this command.
=
ssh|1|OpenSSH SSH client (remote login program)
$ ssh [-p port] [-o option] [-i identity_file] [user@]hostname [command]
Logs in on another machine, or runs a command there. ~. at the start of a line cuts the connection.
See also scp(1).
=
scp|1|secure copy (remote file copy program)
$ scp [-r] [[user@]host1:]file1 ... [[user@]host2:]file2
=
mount|8|mount a filesystem
$ mount [-t type] [-o options] device dir
Without arguments, lists what is mounted. -o remount,ro changes a mount that is there.
See also umount(8), findmnt(8), lsblk(8).
=
sysctl|8|configure kernel parameters at runtime
$ sysctl [options] [variable[=value]]...
-w  Set a value.
-a  All.
-p [file]  Load settings from a file.
-n  Values only.
Settings that are to stay belong in /etc/sysctl.d.
=
modprobe|8|Add and remove modules from the Linux Kernel
$ modprobe [-r] [modulename] [module parameters...]
-r  Remove instead of insert.
See also lsmod(8), modinfo(8). Modules named in /etc/modules-load.d are loaded at boot.
=
lsmod|8|Show the status of modules in the Linux Kernel
$ lsmod
=
ip|8|show / manipulate routing, devices, policy routing and tunnels
$ ip [ OPTIONS ] OBJECT { COMMAND | help }
OBJECT is link, address, route, rule, neigh, netns and others; they may be shortened: ip a, ip r.
-d, -s, -br, -o  Details, statistics, brief, one line each.
=
ss|8|another utility to investigate sockets
$ ss [options] [ FILTER ]
-l, -a  Listening sockets; all.
-t, -u, -x  TCP, UDP, Unix.
-n, -p  Numbers; the processes.
=
netstat|8|Print network connections, routing tables, interface statistics
$ netstat [-lantupe] [-r] [-i] [-s]
=
iptables|8|administration tool for IPv4 packet filtering and NAT
$ iptables [-t table] {-A|-C|-D|-I|-R} chain rule-specification
-L, -S  List rules, as a table or as commands. -n numbers, -v counters, --line-numbers.
-A, -I, -D  Append, insert, delete a rule.
-F, -N, -X, -P  Flush a chain, make and remove one, set a policy.
-p, -s, -d, -i, -o, -j  Protocol, source, destination, interfaces, target.
See also iptables-save(8).
=
ping|8|send ICMP ECHO_REQUEST to network hosts
$ ping [-c count] [-i interval] [-s packetsize] [-W timeout] [-I interface] destination
=
traceroute|1|print the route packets trace to network host
$ traceroute [-n] host
=
tcpdump|8|dump traffic on a network
$ tcpdump [-n] [-i interface] [-c count] [-e] [-v] [ expression ]
An expression is built of host, net, port, proto, src, dst, and, or, not: udp port 8472 and host 10.0.0.1.
=
dig|1|DNS lookup utility
$ dig [@server] [name] [type] [+short]
=
curl|1|transfer a URL
$ curl [options] [URL...]
-k  Do not check the server's certificate.
-v, -s, -S  Verbose; silent; silent but for errors.
-o FILE, -O  Write to a file.
-m SECONDS  How long it may take.
-X, -d, -H  Method, data, header.
=
chronyc|1|command-line interface for chrony daemon
$ chronyc [OPTION]... [COMMAND]...
tracking  How the clock does.
sources  The servers it listens to.
makestep  Set the clock at once.
=
timedatectl|1|Control the system time and date
$ timedatectl [OPTIONS...] {COMMAND}
status, set-time TIME, set-ntp BOOL
=
hostnamectl|1|Control the system hostname
$ hostnamectl [OPTIONS...] {COMMAND}
status, set-hostname NAME
=
firewall-cmd|1|firewalld command line client
$ firewall-cmd [OPTIONS...]
--state, --get-active-zones, --list-all  What is.
--add-port=, --remove-port=, --add-source=, --add-service=  Changes of the running firewall; with --permanent of the stored one, which --reload takes up.
=
dmesg|1|print or control the kernel ring buffer
$ dmesg [options]
-T  Human readable times.
-w  Wait for new messages.
=
free|1|Display amount of free and used memory in the system
$ free [-b|-k|-m|-g|-h] [-s delay] [-c count] [-t]
=
uptime|1|Tell how long the system has been running
$ uptime [-p] [-s]
=
w|1|Show who is logged on and what they are doing
$ w [-hsfu] [user]
=
who|1|show who is logged on
$ who [OPTION]... [ FILE | ARG1 ARG2 ]
-b  Time of the last boot.
-q  Names and their number.
=
last|1|show listing of last logged in users
$ last [-n num] [name...]
=
lsof|8|list open files
$ lsof [-i [address]] [-p pid] [-u user] [-n] [-P] [file...]
=
lsblk|8|list block devices
$ lsblk [options] [device...]
=
watch|1|execute a program periodically, showing output fullscreen
$ watch [options] command
-n SECONDS  Interval.
-d  Highlight differences.
-t  No header.
Ctrl-C ends it.
=
crontab|1|maintains crontab files for individual users
$ crontab [-u user] [-l | -r | -e | file]
=
useradd|8|create a new user or update default new user information
$ useradd [-m] [-s shell] [-u uid] [-g group] [-G groups] [-d home] LOGIN
See also usermod(8), userdel(8).
=
reboot|8|Halt, power-off or reboot the machine
$ reboot [OPTIONS...]
-f  At once, without stopping anything in order.
=
shutdown|8|Halt, power-off or reboot the machine
$ shutdown [OPTIONS...] [TIME] [WALL...]
-r, -h, -c  Reboot; power off; cancel what is pending. TIME is now, +MINUTES or hh:mm.
=
openssl|1|OpenSSL command line tool
$ openssl command [ command_opts ] [ command_args ]
x509 -in FILE -noout -text | -dates | -subject | -issuer | -fingerprint | -checkend N  Certificates.
s_client -connect HOST:PORT  The certificate that a server shows.
verify -CAfile FILE FILE  Who signed it.
=
systemd.unit|5|Unit configuration
$ service.service, socket.socket, target.target, timer.timer
Files lie in /etc/systemd/system, /run/systemd/system and /usr/lib/systemd/system; of equal names the first counts. UNIT.d/*.conf are read after the unit.
[Unit] Description=, Documentation=, Requires=, Wants=, BindsTo=, PartOf=, Conflicts=, Before=, After=, OnFailure=, Condition...=, StartLimitBurst=.
[Install] WantedBy=, RequiredBy=, Alias=, Also=.
=
systemd.service|5|Service unit configuration
$ service.service
[Service] Type= simple, forking, oneshot, notify, dbus, idle.
ExecStart=, ExecStartPre=, ExecStartPost=, ExecReload=, ExecStop=, ExecStopPost=  Commands: an absolute path and its arguments; a dash before it forgives failure.
Restart= no, on-success, on-failure, on-abnormal, on-abort, always; RestartSec=.
User=, Group=, WorkingDirectory=, Environment=, EnvironmentFile=, TimeoutStartSec=, TimeoutStopSec=, KillMode=, KillSignal=.
=
resolv.conf|5|resolver configuration file
$ /etc/resolv.conf
nameserver ADDRESS  Whom to ask, at most three.
search DOMAIN...  Endings tried for short names.
options ndots:N timeout:N attempts:N
=
hosts|5|static table lookup for hostnames
$ /etc/hosts
A line for each address: IP_address canonical_hostname [aliases...].
=
fstab|5|static information about the filesystems
$ /etc/fstab
=
passwd|5|password file
$ /etc/passwd
name:password:UID:GID:GECOS:directory:shell
=
sudoers|5|default sudo security policy plugin
$ /etc/sudoers
user hosts = (runas) NOPASSWD: commands. Edit it with visudo(8), which checks it.
=
man|1|an interface to the on-line reference manuals
$ man [-k] [-f] [section] page ...
-k word  Pages whose name or description holds the word (apropos).
-f name  What a page is about (whatis).
`;
