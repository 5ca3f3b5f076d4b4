{{/* The addresses that a node joins by: the service record of the headless service, asked again for ever, and those of the operator. */}}
{{- define "starling.seeds" -}}
{{- $own := printf "srv:_gossip._udp.%s" (include "starling.host" (list . "-gossip")) -}}
{{- join "," (concat (list $own) .Values.node.extraSeeds) -}}
{{- end -}}

{{/* "true" when the nodes ask the Kubernetes API for something. */}}
{{- define "starling.asksApiServer" -}}
{{- if or (eq .Values.certificates.mode "request") .Values.discovery.endpointSlices.enabled }}true{{ end -}}
{{- end -}}

{{/* The environment of a node. Variables that others refer to come first. */}}
{{- define "starling.nodeEnvironment" -}}
{{- $c := .Values.certificates -}}
{{- $listen := .Values.node.listenAddress -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: STARLING_CLUSTER
  value: {{ .Values.networkName | quote }}
- name: STARLING_NAME
  value: $(POD_NAME)
- name: STARLING_LISTEN
  value: {{ printf "%s:9740" $listen | quote }}
# Of both families where the cluster has both; the node takes the one that it listens on.
- name: STARLING_ADVERTISE_IPS
  valueFrom: {fieldRef: {fieldPath: status.podIPs}}
- name: STARLING_API_LISTEN
  value: {{ printf "%s:9741" $listen | quote }}
- name: STARLING_METRICS_LISTEN
  value: {{ printf "%s:9742" $listen | quote }}
- name: STARLING_DATA_DIR
  value: /var/lib/starling
- name: STARLING_TRUST_DIR
  value: /etc/starling/trust
- name: STARLING_SEEDS
  value: {{ include "starling.seeds" . | quote }}
{{- with .Values.node.connectionRatio }}
- name: STARLING_CONNECTION_RATIO
  value: {{ include "starling.text" . | quote }}
{{- end }}
- name: STARLING_SAMPLE_INTERVAL
  value: {{ .Values.node.sampleInterval | quote }}
{{- $slices := .Values.discovery.endpointSlices }}
{{- $reasons := and $slices.enabled $slices.reasons }}
{{- if $slices.enabled }}
- name: STARLING_ENDPOINT_SLICES
  value: "{{ .Release.Namespace }}/{{ include "starling.fullname" . }}-gossip"
{{- end }}
{{- if $reasons }}
- name: POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
{{- $selector := list }}
{{- range $name, $value := include "starling.selector" (list . "node") | fromYaml }}{{ $selector = append $selector (printf "%s=%v" $name $value) }}{{ end }}
- name: STARLING_ABSENCE_PODS
  value: {{ join "," $selector | quote }}
{{- if eq .Values.node.kind "StatefulSet" }}
- name: STARLING_ABSENCE_STATEFUL_SET
  value: {{ include "starling.fullname" . | quote }}
{{- end }}
{{- end }}
{{- $pairs := list }}
{{- range $name, $value := .Values.node.labels }}{{ $pairs = append $pairs (printf "%s=%s" $name (include "starling.text" $value)) }}{{ end }}
{{- /* By it others know which pod a node is in. */ -}}
{{- if $reasons }}{{ $pairs = append $pairs "k8s.pod.uid=$(POD_UID)" }}{{ end }}
{{- with $pairs }}
- name: STARLING_LABELS
  value: {{ join "," . | quote }}
{{- end }}
- name: STARLING_LOG_LEVEL
  value: {{ .Values.node.logLevel | quote }}
- name: STARLING_LOG_FORMAT
  value: json
{{- if eq $c.mode "request" }}
{{- $issuer := include "starling.issuer" . | fromYaml }}
- name: STARLING_CERTIFICATES
  value: request
- name: STARLING_REQUEST_POD
  value: $(POD_NAME)
- name: STARLING_REQUEST_POD_UID
  valueFrom: {fieldRef: {fieldPath: metadata.uid}}
- name: STARLING_REQUEST_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: STARLING_REQUEST_ISSUER
  value: {{ printf "%s/%s/%s" $issuer.group $issuer.kind $issuer.name | quote }}
- name: STARLING_REQUEST_DURATION
  value: {{ $c.duration | quote }}
{{- else }}
- name: STARLING_CERTIFICATES
  value: files
- name: STARLING_CERTIFICATE_DIR
  value: /etc/starling/certificate
{{- end }}
{{- end -}}

{{/* The pod template of the StatefulSet and of the DaemonSet. */}}
{{- define "starling.nodePod" -}}
{{- $node := .Values.node -}}
metadata:
  labels:
    {{- include "starling.labels" (list . "node" $node.podLabels) | nindent 4 }}
  {{- with $node.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "starling.serviceAccountName" . | quote }}
  # Where the node has business with the API server, its container alone mounts a token.
  automountServiceAccountToken: false
  # Variables of services would look like settings of ours.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ int64 $node.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $node.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- range $field := list "nodeSelector" "tolerations" "affinity" "hostAliases" "dnsConfig" }}
  {{- with index $node $field }}
  {{ $field }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if and $node.topologySpread.enabled (eq $node.kind "StatefulSet") }}
  topologySpreadConstraints:
    {{- range $key, $otherwise := dict "kubernetes.io/hostname" $node.topologySpread.whenUnsatisfiable "topology.kubernetes.io/zone" $node.topologySpread.zonesWhenUnsatisfiable }}
    - maxSkew: 1
      topologyKey: {{ $key }}
      whenUnsatisfiable: {{ $otherwise }}
      labelSelector:
        matchLabels:
          {{- include "starling.selector" (list $ "node") | nindent 10 }}
    {{- end }}
  {{- end }}
  containers:
    - name: node
      image: {{ include "starling.image" (list . "node") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      # A node that cannot start says why in its last line; `kubectl describe pod` shows it.
      terminationMessagePolicy: FallbackToLogsOnError
      securityContext:
        {{- toYaml .Values.containerSecurityContext | nindent 8 }}
      env:
        {{- include "starling.env" (list $node.env (include "starling.nodeEnvironment" .)) | trim | nindent 8 }}
      ports:
        - {name: gossip, containerPort: 9740, protocol: UDP}
        - {name: api, containerPort: 9741, protocol: TCP}
        - {name: metrics, containerPort: 9742, protocol: TCP}
      # A node answers as soon as it runs, with or without a certificate; two minutes are for a machine that is busy.
      startupProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 2
        failureThreshold: 60
      livenessProbe:
        httpGet: {path: /livez, port: metrics}
        periodSeconds: 10
        failureThreshold: 3
        timeoutSeconds: 5
      readinessProbe:
        httpGet: {path: /readyz, port: metrics}
        periodSeconds: 2
        failureThreshold: 3
        timeoutSeconds: 2
      {{- with $node.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - {name: identity, mountPath: /var/lib/starling}
        - {name: trust, mountPath: /etc/starling/trust, readOnly: true}
        {{- if ne .Values.certificates.mode "request" }}
        - {name: certificate, mountPath: /etc/starling/certificate, readOnly: true}
        {{- end }}
        - {name: tmp, mountPath: /tmp}
        {{- if include "starling.asksApiServer" . }}
        - {name: api-server, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
        {{- end }}
        {{- with $node.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $node.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- if not $node.persistence.enabled }}
    # In memory: the identity's key is never on the machine's disk. It outlives the container, not the pod.
    - name: identity
      emptyDir: {medium: Memory, sizeLimit: 16Mi}
    {{- end }}
    - name: tmp
      emptyDir: {sizeLimit: 16Mi}
    {{- if include "starling.asksApiServer" . }}
    # What Kubernetes would mount into every container of the pod.
    - name: api-server
      projected:
        sources:
          - serviceAccountToken: {path: token, expirationSeconds: 3607}
          - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
          - downwardAPI: {items: [{path: namespace, fieldRef: {fieldPath: metadata.namespace}}]}
    {{- end }}
    {{- include "starling.trustVolume" . | nindent 4 }}
    {{- if ne .Values.certificates.mode "request" }}
    {{- include "starling.certificateVolume" (list . "node") | nindent 4 }}
    {{- end }}
    {{- with $node.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
