package com.fasterxml.jackson.datatype.jsr310;

import com.fasterxml.jackson.databind.module.SimpleModule;

/** Stands in for Jackson's module of times, which Debian has not: no schema of the gateway's has a time. */
public class JavaTimeModule extends SimpleModule {}
