# Part of the Makefile: what makes etcd-monitor into something to hand out.
IMAGE ?= ghcr.io/etcd-monitor/etcd-monitor
PREFIX ?= /usr/local
PLATFORMS = linux/amd64 linux/arm64 linux/ppc64le linux/s390x darwin/amd64 darwin/arm64 windows/amd64 windows/arm64

.PHONY: all build-linux build-windows build-all
all: clean deps build test ## clean, deps, build, test

build-linux: ## bin/etcd-monitor_unix, for linux/amd64
	GOOS=linux GOARCH=amd64 $(BUILD) -o bin/etcd-monitor_unix ./cmd/etcd-monitor

build-windows: ## bin/etcd-monitor.exe, for windows/amd64
	GOOS=windows GOARCH=amd64 $(BUILD) -o bin/etcd-monitor.exe ./cmd/etcd-monitor

build-all: build build-linux build-windows ## all three

.PHONY: crossbuild tarballs reproducible
crossbuild: ## .build/OS-ARCH/etcd-monitor for every platform
	@for p in $(PLATFORMS); do os=$${p%/*} arch=$${p#*/} ext=; [ $$os != windows ] || ext=.exe; \
		echo "$$os-$$arch"; GOOS=$$os GOARCH=$$arch $(BUILD) -o .build/$$os-$$arch/etcd-monitor$$ext ./cmd/etcd-monitor; done

# Sorted, owned by nobody and as old as the commit: the same commit gives the
# same archives.
tarballs: crossbuild ## .tarballs/etcd-monitor-VERSION.OS-ARCH.tar.gz and sha256sums.txt
	@rm -rf .build/licenses; GOROOT="$$($(GO) env GOROOT)" "$$(tools/build.sh go-licenses)" save ./cmd/etcd-monitor --save_path .build/licenses 2>/dev/null
	@rm -rf .tarballs; mkdir -p .tarballs; for p in $(PLATFORMS); do \
		name=etcd-monitor-$(VERSION).$${p%/*}-$${p#*/}; rm -rf .build/$$name; mkdir -p .build/$$name; \
		cp -r .build/$${p%/*}-$${p#*/}/* LICENSE README.md CHANGELOG.md config.example.yaml rules dashboards docs deploy .build/licenses .build/$$name/; \
		find .build/$$name -name '*.go' -delete; \
		tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$$(git log -1 --format=%ct)" \
			-C .build -cf - $$name | gzip -n > .tarballs/$$name.tar.gz; done
	@cd .tarballs && sha256sum *.tar.gz | tee sha256sums.txt

# Another directory and an empty build cache: neither may be seen in the binary.
reproducible: build ## build again elsewhere from nothing and compare
	@dir=$$(mktemp -d); trap 'chmod -R u+w "$$dir"; rm -rf "$$dir"' EXIT; \
		git ls-files -z | xargs -0 cp --parents -t "$$dir"; \
		cd "$$dir"; GOCACHE="$$dir/.cache" $(BUILD) -o again ./cmd/etcd-monitor; cd - >/dev/null; \
		cmp bin/etcd-monitor "$$dir/again"; sha256sum bin/etcd-monitor

.PHONY: licenses
licenses: ## list the licences of what is linked in docs/dependencies.md
	GOROOT="$$($(GO) env GOROOT)" "$$(tools/build.sh go-licenses)" report ./cmd/etcd-monitor --template tools/licenses/table.md.tmpl 2>/dev/null | grep -v "^| github.com/etcd-monitor/" > docs/dependencies.md

.PHONY: deps deps-update
deps: ## download the modules and check them against go.sum
	$(GO) mod download
	$(GO) mod verify

deps-update: ## newest versions of everything; read the diff of go.mod
	$(GO) get -u ./...
	$(GO) mod tidy

.PHONY: install uninstall
install: build ## copy the binary to PREFIX/bin (PREFIX=/usr/local)
	install -D -m 0755 bin/etcd-monitor $(DESTDIR)$(PREFIX)/bin/etcd-monitor

uninstall: ## remove it from there
	rm -f $(DESTDIR)$(PREFIX)/bin/etcd-monitor

ENDPOINTS ?= localhost:2379
API_PORT ?= 8080
HEALTH_INTERVAL ?= 30s
METRICS_INTERVAL ?= 10s

.PHONY: run-custom benchmark
run-custom: build ## watch ENDPOINTS on API_PORT with HEALTH_INTERVAL and METRICS_INTERVAL
	bin/etcd-monitor --endpoints=$(ENDPOINTS) --api-port=$(API_PORT) \
		--health-check-interval=$(HEALTH_INTERVAL) --metrics-interval=$(METRICS_INTERVAL)

benchmark: build ## load ENDPOINTS with 10000 mixed operations
	bin/etcd-monitor --endpoints=$(ENDPOINTS) --run-benchmark --benchmark-type=mixed --benchmark-ops=10000

.PHONY: docker-build docker-run docker-stop dev dev-stop
docker-build: ## build the container image (needs docker)
	GOOS=linux GOARCH=$(ARCH) $(BUILD) -o .build/linux-$(ARCH)/etcd-monitor ./cmd/etcd-monitor
	docker build --platform linux/$(ARCH) --build-arg ARCH=$(ARCH) -t $(IMAGE):$(VERSION) -t $(IMAGE):latest .

docker-run: ## run the image in the host's network, watching ENDPOINTS
	docker run -d --name etcd-monitor --network host --read-only --cap-drop ALL \
		$(IMAGE):$(VERSION) --endpoints=$(ENDPOINTS) --api-port=$(API_PORT)

docker-stop: ## stop and remove what docker-run started
	docker stop etcd-monitor
	docker rm etcd-monitor

dev: docker-build ## etcd, exporter, Prometheus, Alertmanager, Grafana in docker
	ETCD_MONITOR_VERSION=$(VERSION) docker compose -f deploy/compose.yaml up -d
	@echo "status http://localhost:8080  Prometheus http://localhost:9090  Alertmanager http://localhost:9093  Grafana http://localhost:3000 (admin, admin)"

dev-stop: ## stop it and remove its data
	ETCD_MONITOR_VERSION=$(VERSION) docker compose -f deploy/compose.yaml down -v
