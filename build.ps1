<#
.SYNOPSIS
    Builds etcd-monitor on Windows; what the Makefile does elsewhere.
.DESCRIPTION
    Commands: build, build-all, clean, deps, deps-update, test, coverage, fmt,
    run, benchmark, help. Tests start real etcd members, which takes a system
    with POSIX signals: on Windows `test` runs those that need none.
.EXAMPLE
    .\build.ps1 -Command build
.EXAMPLE
    .\build.ps1 -Command run -Endpoints localhost:2379
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('build', 'build-all', 'clean', 'deps', 'deps-update', 'test', 'coverage', 'fmt', 'run', 'benchmark', 'help')]
    [string]$Command = 'build',
    [ValidateSet('windows', 'linux', 'darwin')]
    [string]$Platform = 'windows',
    [ValidateSet('amd64', 'arm64')]
    [string]$Arch = 'amd64',
    [string]$Version = (Get-Content (Join-Path $PSScriptRoot 'VERSION') -TotalCount 1),
    [string]$Endpoints = 'localhost:2379',
    [int]$ApiPort = 8080
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Set-Location $PSScriptRoot

# Invoke-Go runs go and ends the script with its exit code if that is not 0.
function Invoke-Go {
    & go @args
    if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
}

function Get-Git {
    $out = & git @args 2>$null
    if ($LASTEXITCODE -eq 0) { "$out" } else { 'unknown' }
}

function Build([string]$Os, [string]$Cpu, [string]$Output) {
    $v = 'github.com/prometheus/common/version'
    $date = Get-Git log -1 --format=%cd --date=format:%Y%m%d-%H:%M:%S
    $ldflags = "-s -w -X $v.Version=$Version -X $v.Revision=$(Get-Git rev-parse HEAD) " +
        "-X $v.Branch=$(Get-Git rev-parse --abbrev-ref HEAD) " +
        "-X $v.BuildUser=$env:USERNAME@$env:COMPUTERNAME -X $v.BuildDate=$date"
    $before = $env:GOOS, $env:GOARCH, $env:CGO_ENABLED
    try {
        $env:GOOS, $env:GOARCH, $env:CGO_ENABLED = $Os, $Cpu, '0'
        Invoke-Go build -trimpath '-buildvcs=false' -ldflags $ldflags -o $Output ./cmd/etcd-monitor
    }
    finally {
        $env:GOOS, $env:GOARCH, $env:CGO_ENABLED = $before
    }
    Write-Host "built $Output"
}

function Get-Binary([string]$Os) { if ($Os -eq 'windows') { 'bin/etcd-monitor.exe' } else { "bin/etcd-monitor-$Os-$Arch" } }

# The packages whose tests start no etcd.
function Get-PurePackage {
    Invoke-Go list -f '{{.ImportPath}} {{.Imports}} {{.TestImports}} {{.XTestImports}}' ./... |
        Where-Object { $_ -notmatch 'internal/(etcdtest|alerttest)' -and $_ -notmatch '/dashboards ' } | ForEach-Object { ($_ -split ' ')[0] }
}

switch ($Command) {
    'build' { Build $Platform $Arch (Get-Binary $Platform) }
    'build-all' { foreach ($os in 'windows', 'linux', 'darwin') { Build $os $Arch (Get-Binary $os) } }
    'clean' {
        foreach ($path in 'bin', '.build', 'coverage.out', 'coverage.html') {
            if (Test-Path $path) { Remove-Item -Recurse -Force $path }
        }
    }
    'deps' { Invoke-Go mod download; Invoke-Go mod verify }
    'deps-update' { Invoke-Go get -u ./...; Invoke-Go mod tidy }
    'test' { $p = @(Get-PurePackage); Invoke-Go test -short @p }
    'coverage' {
        $p = @(Get-PurePackage)
        Invoke-Go test -short -coverprofile coverage.out @p
        Invoke-Go tool cover -html coverage.out -o coverage.html
        Invoke-Go tool cover -func coverage.out
    }
    'fmt' { Invoke-Go fmt ./... }
    'run' {
        Build windows $Arch (Get-Binary windows)
        & ./bin/etcd-monitor.exe "--endpoints=$Endpoints" "--api-port=$ApiPort"
        exit $LASTEXITCODE
    }
    'benchmark' {
        Build windows $Arch (Get-Binary windows)
        & ./bin/etcd-monitor.exe "--endpoints=$Endpoints" --run-benchmark --benchmark-type=mixed --benchmark-ops=10000
        exit $LASTEXITCODE
    }
    'help' { Get-Help $PSCommandPath -Detailed }
}
