{{/* Nodes that the visualizer may look from, `name=url,...`, the designated one first; as many as the visualizer takes. */}}
{{- define "starling.targets" -}}
{{- $targets := list -}}
{{- range .Values.ui.targets -}}
{{- $targets = append $targets (printf "%s=%s" .name .url) -}}
{{- end -}}
{{- if not $targets -}}
{{- $known := default 1 .Values.node.replicas -}}
{{- if eq .Values.node.kind "StatefulSet" -}}
{{- range $number := until (min 128 $known | int) -}}
{{- $pod := printf "%s-%d" (include "starling.fullname" $) $number -}}
{{- $targets = append $targets (printf "%s=https://%s.%s:9741" $pod $pod (include "starling.host" (list $ "-gossip"))) -}}
{{- end -}}
{{- end -}}
{{- /* Which pods there are besides, the chart cannot know. */ -}}
{{- if or (eq .Values.node.kind "DaemonSet") (not .Values.node.replicas) -}}
{{- $targets = append $targets (printf "any=https://%s:9741" (include "starling.host" (list . "-api"))) -}}
{{- end -}}
{{- end -}}
{{- join "," $targets -}}
{{- end -}}

{{/* Host names that browsers may use, beside the loopback names that a port-forward comes by. */}}
{{- define "starling.allowedHosts" -}}
{{- $service := printf "%s-ui" (include "starling.fullname" .) -}}
{{- $hosts := list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace) (include "starling.host" (list . "-ui")) -}}
{{- if .Values.ui.ingress.enabled }}{{ $hosts = concat $hosts .Values.ui.ingress.hosts }}{{ end -}}
{{- if .Values.ui.httpRoute.enabled }}{{ $hosts = concat $hosts .Values.ui.httpRoute.hostnames }}{{ end -}}
{{- join "," (concat $hosts .Values.ui.allowedHosts | uniq) -}}
{{- end -}}

{{- define "starling.uiEnvironment" -}}
- name: STARLING_CLUSTER
  value: {{ .Values.networkName | quote }}
- name: STARLING_GATEWAY_LISTEN
  value: {{ printf "%s:8080" .Values.node.listenAddress | quote }}
- name: STARLING_METRICS_LISTEN
  value: {{ printf "%s:9742" .Values.node.listenAddress | quote }}
- name: STARLING_GATEWAY_TARGETS
  value: {{ include "starling.targets" . | quote }}
- name: STARLING_GATEWAY_ALLOWED_HOSTS
  value: {{ include "starling.allowedHosts" . | quote }}
- name: STARLING_CERTIFICATE_DIR
  value: /etc/starling/certificate
- name: STARLING_TRUST_DIR
  value: /etc/starling/trust
- name: STARLING_LOG_LEVEL
  value: {{ .Values.ui.logLevel | quote }}
{{- end -}}
