package deploy

import (
	"maps"
	"slices"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
)

const composeDir = root + "/deploy/compose"

// loadCompose checks the file against the Compose schema, which allows no unknown field.
func loadCompose(t *testing.T, variables types.Mapping) (*types.Project, error) {
	t.Helper()
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  composeDir,
		ConfigFiles: types.ToConfigFiles([]string{composeDir + "/compose.yaml"}),
		Environment: variables,
	})
}

func compose(t *testing.T) *types.Project {
	t.Helper()
	project, err := loadCompose(t, types.Mapping{"POSTGRES_PASSWORD": "secret", "CARILLON_ADMIN_KEY": "key", "CARILLON_MASTER_KEY": "master"})
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeRunsTheSameParts(t *testing.T) {
	t.Parallel()
	var want []string
	for _, w := range workloads(t) {
		want = append(want, w.name)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, compose(t).ServiceNames()); diff != "" {
		t.Errorf("Kubernetes (-) and Compose (+):\n%s", diff)
	}
}

func TestComposeRunsTheSameImages(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nats", "postgres"} {
		if got, want := compose(t).Services[name].Image, container(t, name).Image; got != want {
			t.Errorf("%s: %s, in Kubernetes %s", name, got, want)
		}
	}
}

func TestComposeGivesTheSameSettings(t *testing.T) {
	t.Parallel()
	var want []string
	all := map[string]bool{}
	for service, own := range services {
		known := slices.Concat(shared, own)
		want = append(want, known...)
		for name := range compose(t).Services[service].Environment {
			all[name] = true
			if !slices.Contains(known, name) {
				t.Errorf("%s: does not read %s", service, name)
			}
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(slices.Compact(want), slices.Sorted(maps.Keys(all))); diff != "" {
		t.Errorf("settings (-known +set):\n%s", diff)
	}
}

func TestComposeRefusesToStartWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, given := range []string{"POSTGRES_PASSWORD", "CARILLON_ADMIN_KEY", "CARILLON_MASTER_KEY"} {
		if _, err := loadCompose(t, types.Mapping{given: "secret"}); err == nil {
			t.Errorf("starts with %s alone", given)
		}
	}
}

func TestComposeContainersAreRestricted(t *testing.T) {
	t.Parallel()
	for name, service := range compose(t).Services {
		if !service.ReadOnly || !slices.Equal(service.CapDrop, []string{"ALL"}) ||
			!slices.Equal(service.SecurityOpt, []string{"no-new-privileges:true"}) {
			t.Errorf("%s: not restricted", name)
		}
	}
}

func TestComposeNATSKeepsItsStreams(t *testing.T) {
	config := natsConfig(t, composeDir+"/nats.conf")
	mounted := slices.ContainsFunc(compose(t).Services["nats"].Volumes, func(v types.ServiceVolumeConfig) bool {
		return v.Type == types.VolumeTypeVolume && v.Target == config.StoreDir
	})
	if !config.JetStream || !mounted {
		t.Errorf("JetStream %t, in %s", config.JetStream, config.StoreDir)
	}
}
