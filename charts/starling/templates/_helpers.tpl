{{/* Names, labels and settings that several objects share. */}}

{{- define "starling.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters leave room for suffixes: pods of a StatefulSet carry a number and a hash in a label of 63. */}}
{{- define "starling.fullname" -}}
{{- $name := include "starling.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{- default $full .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Takes a list: the root context, the component. */}}
{{- define "starling.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "starling.name" $root | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/*
Labels of an object. The operator's replace the chart's, the later ones those before, but none replaces what selectors look at. Takes a list: the root
context, the component, then any number of maps that win over commonLabels.
*/}}
{{- define "starling.labels" -}}
{{- $root := index . 0 -}}
{{- $labels := dict "app.kubernetes.io/version" $root.Chart.AppVersion "app.kubernetes.io/managed-by" $root.Release.Service "app.kubernetes.io/part-of" "starling" "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_") -}}
{{- range prepend (slice . 2) $root.Values.commonLabels -}}
{{- with . }}{{ $labels = mergeOverwrite $labels (deepCopy .) }}{{ end -}}
{{- end -}}
{{- mergeOverwrite $labels (include "starling.selector" . | fromYaml) | toYaml -}}
{{- end -}}

{{/* name, namespace and labels of an object. Takes a list: the root context, the component, the suffix of the name, and labels of its own. */}}
{{- define "starling.metadata" -}}
{{- $root := index . 0 -}}
name: "{{ include "starling.fullname" $root }}{{ index . 2 }}"
namespace: {{ $root.Release.Namespace | quote }}
labels:
  {{- include "starling.labels" (concat (list $root (index . 1)) (slice . 3)) | nindent 2 }}
{{- end -}}

{{- define "starling.serviceAccountName" -}}
{{- $made := default (include "starling.fullname" .) .Values.serviceAccount.name -}}
{{- .Values.serviceAccount.create | ternary $made (default "default" .Values.serviceAccount.name) -}}
{{- end -}}

{{/* Takes a list: the root context, `node` or `ui`. */}}
{{- define "starling.image" -}}
{{- $root := index . 0 -}}
{{- $image := index $root.Values.image (index . 1) -}}
{{- $version := empty $image.digest | ternary (printf ":%s" (default $root.Chart.AppVersion $image.tag)) (printf "@%s" $image.digest) -}}
{{- with $root.Values.image.registry }}{{ . }}/{{ end }}{{ $image.repository }}{{ $version }}
{{- end -}}

{{/* Full DNS name of a service of the release. Takes a list: the root context, the suffix of its name. */}}
{{- define "starling.host" -}}
{{- $root := index . 0 -}}
{{ include "starling.fullname" $root }}{{ index . 1 }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.clusterDomain }}
{{- end -}}

{{/* Address family of a service whose pods are dialled from a socket of one family, and cannot be from another. */}}
{{- define "starling.listeningFamily" -}}
ipFamilyPolicy: SingleStack
ipFamilies: [{{ hasPrefix "[" .Values.node.listenAddress | ternary "IPv6" "IPv4" }}]
{{- end -}}

{{/* Address families of a service over TCP: `[::]` takes connections of both. */}}
{{- define "starling.reachableFamilies" -}}
{{- if eq .Values.node.listenAddress "[::]" -}}
ipFamilyPolicy: PreferDualStack
{{- else -}}
{{- include "starling.listeningFamily" . -}}
{{- end -}}
{{- end -}}

{{/* Ports that a network policy must let through, without doubles. Takes a list: our own port, addresses that may end in another one. */}}
{{- define "starling.portsOf" -}}
{{- $ports := list (index . 0) -}}
{{- range index . 1 -}}
{{- with regexFind ":[0-9]+$" . -}}{{- $ports = append $ports (trimPrefix ":" . | int) -}}{{- end -}}
{{- end -}}
{{- uniq $ports | toYaml -}}
{{- end -}}

{{/* Seconds of a duration such as 1h30m. */}}
{{- define "starling.seconds" -}}
{{- $seconds := 0 -}}
{{- range regexFindAll "[0-9]+[hms]" . -1 -}}
{{- $seconds = add $seconds (mul (regexFind "[0-9]+" . | int64) (index (dict "h" 3600 "m" 60 "s" 1) (regexFind "[hms]" .))) -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}

{{/* A text, number or boolean as the operator wrote it. Helm holds numbers as fractions, and would print 12345678 as 1.2345678e+07. */}}
{{- define "starling.text" -}}
{{- kindIs "string" . | ternary . (toJson .) -}}
{{- end -}}

{{/*
The environment of a container: the chart's variables, then the operator's, which may refer to them. Of two with one name only the operator's
stays, because server-side apply refuses the second. Takes a list: the operator's map, the chart's list as YAML.
*/}}
{{- define "starling.env" -}}
{{- $given := index . 0 -}}
{{- $variables := list -}}
{{- range (index . 1 | fromYamlArray) -}}
{{- if not (hasKey $given .name) }}{{ $variables = append $variables . }}{{ end -}}
{{- end -}}
{{- range $name, $value := $given -}}
{{- $source := kindIs "map" $value | ternary $value (dict "value" (include "starling.text" $value)) -}}
{{- $variables = append $variables (merge (dict "name" $name) $source) -}}
{{- end -}}
{{- toYaml $variables -}}
{{- end -}}
