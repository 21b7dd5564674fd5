// scheduler_oracle answers, with the real kube-scheduler's framework and default plugins, where pods of small
// clusters fit and how nodes score. One case a line on stdin, one answer a line on stdout.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	resourceslicetracker "k8s.io/dynamic-resource-allocation/resourceslice/tracker"
	"k8s.io/klog/v2"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/apis/config"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	configscheme "k8s.io/kubernetes/pkg/scheduler/apis/config/scheme"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/backend/queue"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/dynamicresources"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodevolumelimits"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
	"k8s.io/kubernetes/pkg/scheduler/util/assumecache"
)

// oracleCase is a cluster and a pod to be placed in it.
type oracleCase struct {
	Nodes []*v1.Node `json:"nodes"`
	// Pods that are placed.
	Pods []*v1.Pod `json:"pods"`
	// Everything else that plugins read, each with kind and apiVersion.
	Objects []json.RawMessage `json:"objects"`
	Pod     *v1.Pod           `json:"pod"`
	// A KubeSchedulerConfiguration; absent for the default one.
	Config json.RawMessage `json:"config"`
	// Whether post filters run where no node fits.
	Preempt bool `json:"preempt"`
}

type verdict struct {
	Code    string   `json:"code"`
	Plugin  string   `json:"plugin"`
	Reasons []string `json:"reasons"`
}

type answer struct {
	// Why no node was looked at.
	PreFilter *verdict `json:"preFilter,omitempty"`
	// By node: why not, or an empty code.
	Nodes map[string]verdict `json:"nodes,omitempty"`
	// Of nodes that fit, by plugin, weighted.
	Scores map[string]map[string]int64 `json:"scores,omitempty"`
	// What users are told where no node fits.
	Message   string `json:"message,omitempty"`
	Nominated string `json:"nominated,omitempty"`
	Error     string `json:"error,omitempty"`
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	metrics.Register()
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	for in.Scan() {
		line, err := json.Marshal(answerOf(in.Bytes()))
		if err != nil {
			panic(err)
		}
		out.Write(append(line, '\n'))
		out.Flush()
	}
}

func answerOf(line []byte) (result answer) {
	var c oracleCase
	if err := json.Unmarshal(line, &c); err != nil {
		return answer{Error: err.Error()}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	schedule, err := newCycle(ctx, &c)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return schedule.run(ctx, c)
}

type cycle struct {
	framework framework.Framework
	snapshot  *cache.Snapshot
}

func newCycle(ctx context.Context, c *oracleCase) (*cycle, error) {
	profile, err := profileOf(c.Config)
	if err != nil {
		return nil, err
	}
	objects, err := objectsOf(c)
	if err != nil {
		return nil, err
	}
	client := fake.NewClientset(objects...)
	factory := informers.NewSharedInformerFactory(client, 0)
	claims := assumecache.NewAssumeCache(klog.FromContext(ctx), factory.Resource().V1().ResourceClaims().Informer(), "ResourceClaim", "", nil)
	slices, err := resourceslicetracker.StartTracker(ctx, resourceslicetracker.Options{
		EnableConsumableCapacity: true,
		SliceInformer:            factory.Resource().V1().ResourceSlices(),
		KubeClient:               client,
	})
	if err != nil {
		return nil, err
	}
	snapshot := cache.NewSnapshot(c.Pods, c.Nodes)
	f, err := frameworkruntime.NewFramework(ctx, plugins.NewInTreeRegistry(), profile,
		frameworkruntime.WithClientSet(client),
		frameworkruntime.WithInformerFactory(factory),
		frameworkruntime.WithSharedDRAManager(dynamicresources.NewDRAManager(ctx, claims, slices, factory)),
		frameworkruntime.WithSharedCSIManager(nodevolumelimits.NewCSIManager(factory.Storage().V1().CSINodes().Lister())),
		frameworkruntime.WithSnapshotSharedLister(snapshot),
		frameworkruntime.WithMutableSnapshotLister(snapshot),
		frameworkruntime.WithPodGroupManager(cache.New(ctx, nil, false, false)),
		frameworkruntime.WithWaitingPods(frameworkruntime.NewWaitingPodsMap()),
		frameworkruntime.WithPodsInPreBind(frameworkruntime.NewPodsInPreBindMap()),
		frameworkruntime.WithEventRecorder(&events.FakeRecorder{}),
		frameworkruntime.WithMetricsRecorder(metrics.NewMetricsAsyncRecorder(1000, time.Hour, ctx.Done())),
	)
	if err != nil {
		return nil, err
	}
	pods := queue.NewSchedulingQueue(f.QueueSortFunc(), factory)
	f.SetPodNominator(pods)
	f.SetPodActivator(pods)
	factory.Core().V1().Pods().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return &cycle{framework: f, snapshot: snapshot}, nil
}

func profileOf(given json.RawMessage) (*config.KubeSchedulerProfile, error) {
	cfg, err := latest.Default()
	if err != nil {
		return nil, err
	}
	if len(given) > 0 {
		codecs := serializer.NewCodecFactory(configscheme.Scheme, serializer.EnableStrict)
		decoded, _, err := codecs.UniversalDecoder().Decode(given, nil, nil)
		if err != nil {
			return nil, err
		}
		cfg = decoded.(*config.KubeSchedulerConfiguration)
	}
	return &cfg.Profiles[0], nil
}

func objectsOf(c *oracleCase) ([]runtime.Object, error) {
	objects := []runtime.Object{c.Pod}
	for _, node := range c.Nodes {
		objects = append(objects, node)
	}
	for _, pod := range c.Pods {
		objects = append(objects, pod)
	}
	for _, raw := range c.Objects {
		object, _, err := clientscheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func (c *cycle) run(ctx context.Context, given oracleCase) answer {
	state := framework.NewCycleState()
	diagnosis := framework.Diagnosis{NodeToStatus: framework.NewDefaultNodeToStatus()}
	nodes, err := c.snapshot.NodeInfos().List()
	if err != nil {
		return answer{Error: err.Error()}
	}
	result := answer{Nodes: map[string]verdict{}}
	narrowed, status, by := c.framework.RunPreFilterPlugins(ctx, state, given.Pod)
	diagnosis.UnschedulablePlugins = by
	if !status.IsSuccess() {
		v := verdictOf(status)
		result.PreFilter = &v
		diagnosis.NodeToStatus.SetAbsentNodesStatus(status)
		diagnosis.PreFilterMsg = status.Message()
		return c.explained(ctx, state, given, diagnosis, result)
	}
	if !narrowed.AllNodes() {
		text := fmt.Sprintf("node(s) didn't satisfy plugin(s) %v", sets.List(by))
		diagnosis.NodeToStatus.SetAbsentNodesStatus(fwk.NewStatus(fwk.UnschedulableAndUnresolvable, text))
	}
	feasible := []fwk.NodeInfo{}
	for _, node := range nodes {
		name := node.Node().Name
		if !narrowed.AllNodes() && !narrowed.NodeNames.Has(name) {
			result.Nodes[name] = verdict{Code: "Narrowed"}
			continue
		}
		status := c.framework.RunFilterPluginsWithNominatedPods(ctx, state, given.Pod, node)
		result.Nodes[name] = verdictOf(status)
		if status.IsSuccess() {
			feasible = append(feasible, node)
		} else {
			diagnosis.NodeToStatus.Set(name, status)
			diagnosis.AddPluginStatus(status)
		}
	}
	if len(feasible) == 0 {
		return c.explained(ctx, state, given, diagnosis, result)
	}
	return c.scored(ctx, state, given.Pod, feasible, result)
}

func (c *cycle) scored(ctx context.Context, state fwk.CycleState, pod *v1.Pod, nodes []fwk.NodeInfo, result answer) answer {
	if status := c.framework.RunPreScorePlugins(ctx, state, pod, nodes); !status.IsSuccess() {
		result.Error = status.Message()
		return result
	}
	scores, status := c.framework.RunScorePlugins(ctx, state, pod, nodes)
	if !status.IsSuccess() {
		result.Error = status.Message()
		return result
	}
	result.Scores = map[string]map[string]int64{}
	for _, node := range scores {
		own := map[string]int64{}
		for _, score := range node.Scores {
			own[score.Name] = score.Score
		}
		result.Scores[node.Name] = own
	}
	return result
}

func (c *cycle) explained(ctx context.Context, state fwk.CycleState, given oracleCase, diagnosis framework.Diagnosis, result answer) answer {
	if given.Preempt {
		post, status := c.framework.RunPostFilterPlugins(ctx, state, given.Pod, diagnosis.NodeToStatus)
		diagnosis.PostFilterMsg = status.Message()
		if post != nil && post.NominatingInfo != nil {
			result.Nominated = post.NominatedNodeName
		}
	}
	fit := framework.FitError{Pod: given.Pod, NumAllNodes: len(given.Nodes), Diagnosis: diagnosis}
	result.Message = strings.TrimSpace(fit.Error())
	return result
}

func verdictOf(status *fwk.Status) verdict {
	if status.IsSuccess() {
		return verdict{}
	}
	reasons := append([]string{}, status.Reasons()...)
	sort.Strings(reasons)
	return verdict{Code: status.Code().String(), Plugin: status.Plugin(), Reasons: reasons}
}
