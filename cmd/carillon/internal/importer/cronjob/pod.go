package cronjob

import (
	"fmt"
	"regexp"

	"github.com/carillon-cron/carillon/cmd/carillon/internal/importer"
)

// readPod returns the one container, or refuses the item.
func readPod(item *importer.Item, pod *importer.Fields) *importer.Fields {
	pod.Skip("restartPolicy", "serviceAccount", "serviceAccountName", "nodeSelector", "nodeName", "tolerations", "affinity", "securityContext",
		"imagePullSecrets", "hostNetwork", "hostPID", "hostIPC", "dnsPolicy", "dnsConfig", "terminationGracePeriodSeconds", "priorityClassName",
		"priority", "preemptionPolicy", "schedulerName", "automountServiceAccountToken", "enableServiceLinks", "volumes", "topologySpreadConstraints", "runtimeClassName")
	pod.Lose("initContainers", "are not run before the call")
	pod.Lose("hostAliases", "addresses come from DNS")
	containers := pod.Parts("containers")
	if len(containers) != 1 {
		item.Refuse(pod.Path("containers"), "there are %d; a job is one call", len(containers))
		for _, container := range containers {
			container.Skip(container.Names()...)
		}
		return nil
	}
	container := containers[0]
	container.Skip("name", "imagePullPolicy", "resources", "volumeMounts", "volumeDevices", "securityContext", "terminationMessagePath",
		"terminationMessagePolicy", "workingDir", "tty", "stdin", "stdinOnce", "ports", "livenessProbe", "readinessProbe", "startupProbe", "envFrom")
	return container
}

// environment is what the variables of a container are. Those of envFrom, and of
// anything but values and Secrets, are not in the manifest.
func environment(item *importer.Item, container *importer.Fields) map[string]string {
	vars := map[string]string{}
	for _, entry := range container.Parts("env") {
		name := entry.Text("name")
		from := entry.Part("valueFrom")
		secret := from.Part("secretKeyRef")
		secretName, key := secret.Text("name"), secret.Text("key")
		secret.Skip("optional")
		from.Skip("configMapKeyRef", "fieldRef", "resourceFieldRef")
		switch {
		case secretName != "":
			vars[name] = importer.Secret(importer.SecretName(secretName, key))
		case !from.Has("configMapKeyRef") && !from.Has("fieldRef") && !from.Has("resourceFieldRef"):
			vars[name] = expanded(entry.Text("value"), vars)
		}
	}
	return vars
}

// texts reads a list of texts.
func texts(item *importer.Item, container *importer.Fields, name string) (words []string) {
	for i, value := range container.List(name) {
		switch value.(type) {
		case map[string]any, []any, nil:
			item.Refuse(fmt.Sprintf("%s[%d]", container.Path(name), i), "is not text")
		default:
			words = append(words, fmt.Sprint(value))
		}
	}
	return words
}

// reference is $(NAME); a second $ before it makes it text.
var reference = regexp.MustCompile(`\$?\$\([A-Za-z_.-][A-Za-z0-9_.-]*\)`)

// expanded puts variables into a text, as the kubelet does: what is not known
// stays as it is.
func expanded(text string, vars map[string]string) string {
	return reference.ReplaceAllStringFunc(text, func(found string) string {
		if found[1] == '$' {
			return found[1:]
		}
		if value, ok := vars[found[2:len(found)-1]]; ok {
			return value
		}
		return found
	})
}

// missing names the variables of a text that nothing is known of.
func missing(text string, vars map[string]string) (names []string) {
	for _, found := range reference.FindAllString(text, -1) {
		name := found[2 : len(found)-1]
		if _, ok := vars[name]; !ok && found[1] == '(' {
			names = append(names, name)
		}
	}
	return names
}
