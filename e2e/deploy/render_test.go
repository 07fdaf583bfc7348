// Package deploy holds the deployment files to what they promise, without a cluster or a container engine.
//
// The Kubernetes overlay is rendered in this process, as `kubectl apply -k` would, and every object is decoded strictly
// against the API's own types: a misspelled field is an error here and not a setting that silently does nothing. What is
// asserted is what the API server would not notice: that selectors meet the pods they mean, that every variable is one
// the binary reads, that nobody can reach what is not theirs.
//
// Left out: whether the images build and start. That needs an engine; the Dockerfile is only held to the sources.
package deploy

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

const (
	root    = "../.."
	k8s     = root + "/deploy/k8s"
	overlay = "overlays/example"
)

// objects returns every object of type T in the rendered overlay.
func objects[T runtime.Object](t *testing.T) []T {
	t.Helper()
	rendered, err := render()
	if err != nil {
		t.Fatal(err)
	}
	var found []T
	for _, object := range rendered {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

var render = sync.OnceValues(func() ([]runtime.Object, error) {
	files, err := freshClone()
	if err != nil {
		return nil, err
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, "/"+overlay)
	if err != nil {
		return nil, err
	}
	decoder, err := strictDecoder()
	if err != nil {
		return nil, err
	}
	var decoded []runtime.Object
	for _, r := range resources.Resources() {
		object, err := decode(decoder, r)
		if err != nil {
			return nil, err
		}
		decoded = append(decoded, object)
	}
	return decoded, nil
})

func decode(decoder runtime.Decoder, r *resource.Resource) (runtime.Object, error) {
	text, err := r.AsYAML()
	if err != nil {
		return nil, err
	}
	return runtime.Decode(decoder, text)
}

func strictDecoder() (runtime.Decoder, error) {
	scheme := runtime.NewScheme()
	groups := runtime.NewSchemeBuilder(corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme,
		networkingv1.AddToScheme, autoscalingv2.AddToScheme)
	if err := groups.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer(), nil
}

// freshClone is the tree in memory, with the one step the README asks of its user done.
func freshClone() (filesys.FileSystem, error) {
	files := filesys.MakeFsInMemory()
	disk := os.DirFS(k8s)
	err := fs.WalkDir(disk, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return copyInto(files, disk, name, name)
	})
	if err != nil {
		return nil, err
	}
	return files, copyInto(files, disk, path.Join(overlay, "secrets.env.example"), path.Join(overlay, "secrets.env"))
}

func copyInto(files filesys.FileSystem, disk fs.FS, from, to string) error {
	text, err := fs.ReadFile(disk, from)
	if err != nil {
		return err
	}
	return files.WriteFile(filepath.Join("/", to), text)
}
