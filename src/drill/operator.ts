/** What operators type: looking, mostly; sometimes changing what they can change back; sometimes wrong. Nothing that ends a drill. */
export const OPERATOR_LINES: readonly string[] = [
  'gravity status', 'kubectl get nodes', 'kubectl get pods -A -o wide', 'kubectl -n kube-system get events', 'kubectl describe nodes', 'kubectl get no-such-kind', 'sudo gravity exec etcdctl cluster-health',
  'sudo gravity exec planet status', 'sudo gravity exec journalctl -u etcd --no-pager | tail -5', 'sudo iptables-save | wc -l', 'ip route', 'ping -c 1 192.168.121.198', 'df -h', 'free -m', 'ps aux | head -3', 'lsmod | head -3',
  'kubectl create -f debug.yaml', 'kubectl delete -f debug.yaml', 'kubectl cordon 192.168.121.198', 'kubectl uncordon 192.168.121.198', 'kubectl -n kube-system delete pods -l k8s-app=kube-dns --wait=false',
  'sudo sysctl -w net.ipv4.ip_forward=1', 'sudo systemctl restart firewalld', 'sudo gravity exec systemctl restart flanneld', 'nosuchcommand', 'cat /etc/shadow', 'sudo',
];
