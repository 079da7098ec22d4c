package org.openapitools.client;

import com.fasterxml.jackson.databind.module.SimpleModule;

/** Stands in for the generated module of times, which builds on Jackson's. */
public class RFC3339JavaTimeModule extends SimpleModule {}
